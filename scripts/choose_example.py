"""Choose the painted example of a model: `python scripts/choose_example.py [MODEL] [--pick N]`.

It tries every brush for an object on pictures of many seeds, in boxes where the object often is in other
pictures and is not in this one. A try scores the share of its box that the segmenter then calls the object,
less the share of the rest of the picture whose label changed. The best tries of each object are drawn on a
sheet, best first, before above after. Look at it: `--pick N` takes the Nth and writes it beside the weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from inscape.brush_kinds import FILE as BRUSHES
from inscape.dissection import DissectionReport, shipped_report
from inscape.models import Generator, folder_of, open_model
from inscape.painting import BrushSet, PaintSession
from inscape.painting.example import Example, ExampleStroke
from inscape.pictures import grid, to_tensor
from inscape.segmenters import Segmenter, fitting_segmenter

SIZES = ((0.25, 0.25), (0.25, 0.375), (0.375, 0.375), (0.5, 0.25), (0.375, 0.5))
"""Widths and heights of the boxes, in parts of the picture."""
STEP = 0.125
PLACES = 3
"""Boxes that are tried for each object in each picture."""


@dataclass(frozen=True)
class Try:
    """One stroke on one picture."""

    seed: int
    stroke: ExampleStroke
    score: float
    pair: tuple[NDArray[np.uint8], NDArray[np.uint8]]


class Search:
    """All tries of a model.

    Args:
        model: Is painted with.
        report: Finds the units of causal brushes.
        brushes: The learned ones.
        seeds: How many pictures are tried.
    """

    def __init__(self, model: Generator, report: DissectionReport, brushes: BrushSet, seeds: int) -> None:
        self.report, self.brushes = report, brushes
        self.segmenter: Segmenter = fitting_segmenter(model)
        self.session = PaintSession(model)
        self.plane = self.segmenter.vocabulary.planes.index("object")
        self.pictures = [model.sample(seed) for seed in range(seeds)]
        self.labels = np.concatenate(
            [self.segment([one.pixels for one in self.pictures[at : at + 32]]) for at in range(0, seeds, 32)]
        )

    def segment(self, pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Labels of the objects, uint8 `[pictures, height, width]`."""
        with torch.inference_mode():
            return self.segmenter.segment(to_tensor(np.stack(pictures)))[:, self.plane].cpu().numpy()

    def kinds(self) -> list[ExampleStroke]:
        """A stroke of each brush for an object, without a place."""
        report, nowhere = self.report, (0.0, 0.0, 0.0, 0.0)
        objects = report.vocabulary.in_plane("object")
        return [
            ExampleStroke(concept=name, layer=report.layer, box=nowhere)
            for name in objects
            if report.matches.get(name)
        ] + [
            ExampleStroke(concept=one.concept, layer=one.layer, kind=one.kind, box=nowhere)
            for one in self.brushes
            if one.kind != "causal" and one.concept in objects
        ]

    def boxes(self, concept: int, labels: NDArray[np.uint8]) -> Iterator[tuple[int, int, int, int]]:
        """Where the object often is, and is not in this picture: likeliest first, in pixels."""
        often = (self.labels == concept).mean(0)
        size, step = len(often), round(len(often) * STEP)
        found = []
        for wide, tall in ((round(size * a), round(size * b)) for a, b in SIZES):
            for y in range(0, size - tall + 1, step):
                for x in range(0, size - wide + 1, step):
                    place = (slice(y, y + tall), slice(x, x + wide))
                    if (labels[place] == concept).mean() < 0.02:
                        found.append((float(often[place].mean()), (x, y, wide, tall)))
        yield from (box for _, box in sorted(found, reverse=True)[:PLACES])

    def tries(self, brush: ExampleStroke) -> Iterator[Try]:
        """Every try of a brush."""
        number = self.segmenter.vocabulary.index(brush.concept)
        for seed, picture in enumerate(self.pictures):
            before = self.labels[seed]
            boxes = list(self.boxes(number, before))
            if not boxes or picture.latent is None:
                continue
            strokes = [brush.model_copy(update={"box": box}) for box in boxes]
            edits = [stroke.edit(self.report, self.brushes) for stroke in strokes]
            drawn = [self.session.render(picture.latent, [edit]) for edit in edits]
            for stroke, pixels, after in zip(strokes, drawn, self.segment(drawn), strict=True):
                x, y, wide, tall = map(round, stroke.box)
                inside = np.zeros(before.shape, bool)
                inside[y : y + tall, x : x + wide] = True
                reached = float((after[inside] == number).mean())
                leak = float((after != before)[~inside].mean())
                yield Try(seed, stroke, reached - leak, (picture.pixels, pixels))


def main() -> None:
    """Search, draw the sheet, and write what was picked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", nargs="?", default="town")
    parser.add_argument("--seeds", type=int, default=96)
    parser.add_argument("--each", type=int, default=4, help="tries of each object on the sheet")
    parser.add_argument("--pick", type=int, help="number on the sheet, from 0, of what is written")
    parser.add_argument("--sheet", type=Path, default=Path("examples.png"))
    arguments = parser.parse_args()
    model = open_model(arguments.model, device="cpu")
    assert isinstance(model, Generator)
    brushes = BrushSet.load(folder_of(arguments.model) / BRUSHES)
    search = Search(model, shipped_report(model), brushes, arguments.seeds)
    best = [
        one
        for brush in search.kinds()
        for one in sorted(search.tries(brush), key=lambda one: -one.score)[: arguments.each]
    ]
    best.sort(key=lambda one: -one.score)
    for number, one in enumerate(best):
        what = f"{one.stroke.kind} {one.stroke.concept}"
        print(f"{number:3d}  {one.score:.2f}  seed {one.seed:3d}  {what}  {one.stroke.box}")
    tall = [
        Image.fromarray(np.concatenate(one.pair)).resize((192, 384), Image.Resampling.LANCZOS) for one in best
    ]
    grid([np.asarray(each) for each in tall], columns=8, gap=4).save(arguments.sheet)
    if arguments.pick is not None:
        chosen = best[arguments.pick]
        print(Example(seed=chosen.seed, strokes=(chosen.stroke,)).write(folder_of(arguments.model)))


if __name__ == "__main__":
    main()
