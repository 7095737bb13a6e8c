"""Make the pictures of README and docs again, with the shipped models: `python scripts/make_pictures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import inscape
from inscape.dissection import shipped_report
from inscape.models import Generator
from inscape.pictures import Picture, grid

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"


def enlarge(pixels: np.ndarray, times: int) -> np.ndarray:
    """Larger by a whole number, smoothly."""
    height, width = pixels.shape[:2]
    size = (width * times, height * times)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def world_sheet() -> None:
    """Scenes of the world, and their exact labels."""
    place = inscape.world("town")
    colours = np.random.default_rng(3).integers(40, 256, (len(place.vocabulary), 3)).astype(np.uint8)
    colours[0] = 0
    scenes = [place.scene(seed, 192) for seed in (0, 2, 6, 15, 21, 10)]
    rows = [scene.picture for scene in scenes] + [colours[scene.labels[0]] for scene in scenes]
    grid(rows, columns=6).convert("RGB").save(FOLDER / "world.jpg", quality=88)


def generated(model: Generator) -> None:
    """64 pictures of the generator, as they come: seeds 0 to 63."""
    pictures = [enlarge(model.sample(seed).pixels, 2) for seed in range(64)]
    grid(pictures, columns=16).convert("RGB").save(FOLDER / "generated.jpg", quality=90)


def painted(model: Generator) -> None:
    """Pictures before and after one stroke, for a few brushes."""
    report = shipped_report(model)
    rows: list[Picture | np.ndarray] = []
    after: list[Picture | np.ndarray] = []
    strokes = [
        ("door", inscape.box(26, 34, 10, 16), False),
        ("tree", inscape.box(0, 22, 18, 28), False),
        ("tree", inscape.Region.everywhere(), True),
        ("cloud", inscape.box(8, 2, 40, 14), False),
        ("dome", inscape.box(24, 8, 16, 16), False),
    ]
    for seed, (concept, region, remove) in enumerate(strokes, start=3):
        if concept not in report.rankings or not report.rankings[concept]:
            continue
        picture = model.sample(seed)
        edit = inscape.paint(report.units(concept, top=20), region, remove=remove)
        assert picture.latent is not None
        rows.append(enlarge(picture.pixels, 3))
        after.append(enlarge(model.render(picture.latent, edits=[edit]).pixels, 3))
    grid(rows + after, columns=len(rows), gap=4).convert("RGB").save(FOLDER / "painted.jpg", quality=90)


def main() -> None:
    """Make them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    model = inscape.open("town", device="cpu")
    assert isinstance(model, Generator)
    world_sheet()
    generated(model)
    painted(model)


if __name__ == "__main__":
    main()
