"""Make the plots of docs/roles-and-atlas.md: `python scripts/make_class_pictures.py`."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from inscape.dissection.roles import RolesOptions, find_roles
from inscape.models import Model, open_model
from inscape.pictures import to_tensor
from inscape.progress import SilentProgress
from inscape.scenes import world
from inscape.scenes.tasks import task_of
from inscape.sources import ScenePictures
from inscape.sources.source import shown
from inscape.verbs.atlas import AtlasRequest, run

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
MOMENTS = ROOT / "checkpoints" / "town-classifier"


def drawing(figure: str) -> str:
    """The first SVG that a figure offers for taking away, on white."""
    (found,) = re.findall(r'href="data:image/svg\+xml;base64,([^"]+)"', figure)
    return (
        base64.b64decode(found).decode().replace("><", '><rect width="100%" height="100%" fill="#fff"/><', 1)
    )


def misread(model: Model) -> None:
    """The first twelve unseen scenes that the classifier misreads, in two rows."""
    task = task_of("town", model.card.classes)
    assert task is not None
    found: list[np.ndarray] = []
    seed = 91_000_000
    while len(found) < 12:
        scene = world("town").scene(seed, size=64)
        number = task.class_of(scene.factors)
        if number is not None and int(shown(model, to_tensor(scene.picture[None])).argmax()) != number:
            found.append(world("town").scene(seed, size=128).picture)
        seed += 1
    rows = [np.concatenate(found[start : start + 6], 1) for start in (0, 6)]
    Image.fromarray(np.concatenate(rows)).save(FOLDER / "misread.jpg", quality=88)


def main() -> None:
    """Draw the curves of one class, and the detectors of the moments; then the scenes of the classes."""
    model = open_model("town-classifier", device="cpu")
    task = task_of("town", model.card.classes)
    assert task is not None
    source = ScenePictures(world("town"), size=64, task=task)
    roles = find_roles(model, "church with a spire", source, RolesOptions(images=2000))
    with torch.inference_mode():
        misread(model)
    (FOLDER / "roles.svg").write_text(drawing(roles.figure()))
    atlas = run(AtlasRequest((str(MOMENTS),), images=400), SilentProgress()).report
    (FOLDER / "atlas-moments.svg").write_text(drawing(atlas.figure()))
    drawn: dict[int, list[np.ndarray]] = {number: [] for number in range(len(task.classes))}
    seed = 0
    while min(map(len, drawn.values())) < 2:
        scene = world("town").scene(seed, size=96)
        seed += 1
        number = task.class_of(scene.factors)
        if number is not None and len(drawn[number]) < 2:
            drawn[number].append(scene.picture)
    rows = [np.concatenate([drawn[number][row] for number in drawn], 1) for row in range(2)]
    Image.fromarray(np.concatenate(rows)).save(FOLDER / "classes.jpg", quality=88)


if __name__ == "__main__":
    main()
