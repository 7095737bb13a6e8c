"""Make the pictures of README and docs again, with the shipped models: `python scripts/make_pictures.py`.

Names of pictures make those alone: `python scripts/make_pictures.py rules facts`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

import inscape
from inscape.brush_kinds import FILE
from inscape.dissection import shipped_report
from inscape.facts import Fact, trace, write_maps
from inscape.models import Generator, folder_of
from inscape.models.language import LanguageModel
from inscape.painting import BrushSet, concept_units
from inscape.pictures import grid, to_tensor
from inscape.rewriting import Rewriter, Task, prepare_task
from inscape.scenes.room import Room
from inscape.segmenters import fitting_segmenter

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
TASKS = ROOT / "benchmarks" / "rewriting"


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


LIT_ROOM = 17
"""The room that is shown under its lights, one by one and together."""


def rooms_sheet() -> None:
    """Rooms with their exact labels, and one room under its lights."""
    place = Room()
    colours = np.random.default_rng(3).integers(40, 256, (len(place.vocabulary), 3)).astype(np.uint8)
    colours[0] = 0
    scenes = [place.scene(seed, 192) for seed in (2, 12, 131, 10, 300, 102)]
    lit = place.draw(LIT_ROOM, 192, lights=place.scene(LIT_ROOM, 16).lighting.names)
    lighting, light = lit.lighting, place.vocabulary.planes.index("light")
    under = [[name] for name in lighting.names] + [lighting.names[1:], lighting.names]
    rows = [scene.picture for scene in scenes] + [colours[scene.labels[0]] for scene in scenes]
    rows += [*(lighting.picture(lights) for lights in under), colours[lit.labels[light]]]
    grid(rows, columns=6).convert("RGB").save(FOLDER / "rooms.jpg", quality=88)


def generated(model: Generator, name: str) -> None:
    """64 pictures of a generator, as they come: seeds 0 to 63."""
    pictures = [enlarge(model.sample(seed).pixels, 2) for seed in range(64)]
    grid(pictures, columns=16).convert("RGB").save(FOLDER / name, quality=90)


STROKES = (
    ("cloud", "obedient", inscape.box(6, 6, 20, 10)),
    ("tree", "causal", inscape.box(48, 26, 14, 20)),
    ("tree", "causal", inscape.box(2, 24, 14, 22)),
    ("cloud", "obedient", inscape.box(30, 4, 24, 10)),
    ("door", "learned", inscape.box(26, 36, 8, 10)),
    ("roof", "causal", inscape.box(18, 18, 28, 14)),
    ("tree", "removed", inscape.Region.everywhere()),
)
"""Concept, kind of brush, and where; what is removed is the units of a causal brush, switched off."""


def painted(model: Generator) -> None:
    """Pictures before and after one stroke each; the seeds are not chosen."""
    brushes = BrushSet.load(folder_of(model.name) / FILE)
    before, after = [], []
    for seed, (concept, kind, region) in enumerate(STROKES):
        picture = model.sample(seed)
        assert picture.latent is not None
        if kind == "removed":
            edit = inscape.paint(concept_units(shipped_report(model), concept), region, remove=True)
        else:
            edit = brushes.find(concept, kind).draw(region)
        before.append(enlarge(picture.pixels, 3))
        after.append(enlarge(model.render(picture.latent, edits=[edit]).pixels, 3))
    grid(before + after, columns=len(before), gap=4).convert("RGB").save(FOLDER / "painted.jpg", quality=90)


RULES = (
    ("spire-to-tree", "layer64b", 10),
    ("conifer-to-broadleaf", "layer32a", 10),
)
"""Tasks of the benchmark, and the layer and rank that advice took for each."""


def rules(model: Generator) -> None:
    """Pictures before and after a rule: those of seeds 1000 to 1399 that show most of its context."""
    judge = fitting_segmenter(model)
    rows = []
    for name, layer, rank in RULES:
        task = Task.load(TASKS / f"{name}.toml")
        edit = prepare_task(task, model, judge).make(Rewriter(model, layer), rank=rank)
        assert task.judged is not None
        plane, concept = judge.vocabulary.plane_of(task.judged[0]), judge.vocabulary.index(task.judged[0])
        pictures = {seed: model.sample(seed) for seed in range(1000, 1400)}
        labels = judge.segment(to_tensor(list(pictures.values())))[:, plane] == concept
        shown = sorted(pictures, key=lambda seed: -int(labels[seed - 1000].sum()))[:8]
        rows += [enlarge(pictures[seed].pixels, 2) for seed in shown]
        rows += [enlarge(model.sample(seed, edits=[edit]).pixels, 2) for seed in shown]
    grid(rows, columns=8, gap=3).convert("RGB").save(FOLDER / "rules.jpg", quality=90)


PHOTOS = (
    (900002, "sky", "units", (120, 16, 60, 70)),
    (900005, "tree", "causal", (150, 80, 40, 80)),
    (900014, "cloud", "obedient", (100, 10, 70, 40)),
)
"""Scene that no training has seen, concept, kind of brush (or its units in the dissection), and where, in a
photo of 192 pixels."""


def photos(model: Generator) -> None:
    """Photos, the stages of their inversion, and a stroke on each."""
    brushes = BrushSet.load(folder_of(model.name) / FILE)
    rows = []
    for seed, concept, kind, place in PHOTOS:
        photo = inscape.read_photo(Image.fromarray(inscape.world("town").scene(seed, 192).picture))
        inversion = inscape.invert(model, photo, seconds=120)
        session = inscape.PhotoSession(model, inversion)
        region = inversion.fit.placed(place, model.image_size)
        if kind == "units":
            stroke = inscape.paint(concept_units(shipped_report(model), concept), region)
        else:
            stroke = brushes.find(concept, kind).draw(region)
        stages = [inversion.pictures[stage] for stage in ("latent", "features", "adapted")]
        rows += [photo.pixels, *(enlarge(each, 3) for each in stages), session.compose(photo, [stroke])]
    grid(rows, columns=5, gap=4).convert("RGB").save(FOLDER / "photos.jpg", quality=90)


def facts() -> None:
    """The maps of one fact."""
    model = inscape.open("smollm2", device="cpu")
    assert isinstance(model, LanguageModel)
    tower = Fact.asked("The Eiffel Tower is in the city of", "The Eiffel Tower")
    write_maps(trace(model, tower), FOLDER / "fact-trace.svg")


def facts_page() -> None:
    """The page Facts, once an edit is made: before and after side by side."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        line = [shutil.which("inscape") or "inscape", "studio", "--no-browser", "--json", "--port", "0"]
        environment = {**os.environ, "INSCAPE_HOME": home}
        studio = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment)
        assert studio.stdout is not None
        try:
            address = json.loads(studio.stdout.readline())["address"]
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
            page.set_default_timeout(300_000)
            page.goto(f"{address}#/facts?model=smollm2")
            page.click("[data-testid=facts-execute]:not([aria-disabled=true])")
            page.wait_for_selector("[data-testid=text-before][aria-busy=false]")
            page.wait_for_selector("[data-testid=running-fact-comparison]", state="detached")
            page.locator("[data-testid=comparison]").screenshot(path=FOLDER / "fact-edit.png")
            browser.close()
        finally:
            studio.terminate()
            studio.wait()


PICTURES = {
    "world": world_sheet,
    "rooms": rooms_sheet,
    "generated": lambda: generated(shipped("town"), "generated.jpg"),
    "generated-rooms": lambda: generated(shipped("room"), "generated-rooms.jpg"),
    "painted": lambda: painted(shipped("town")),
    "rules": lambda: rules(shipped("town")),
    "photos": lambda: photos(shipped("town")),
    "facts": facts,
    "facts-page": facts_page,
}


@cache
def shipped(name: str) -> Generator:
    """A shipped generator."""
    model = inscape.open(name, device="cpu")
    assert isinstance(model, Generator)
    return model


def main() -> None:
    """Make them all, or those that are named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name]()


if __name__ == "__main__":
    main()
