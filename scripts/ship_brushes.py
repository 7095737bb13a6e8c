"""Make the brushes of a shipped model, measure them by a second segmenter, and keep them with its weights.

    .venv/bin/python scripts/ship_brushes.py --concepts door,window,tree --judge checkpoints/town-judge-64

For each concept the layer is chosen first: a short search in each of `--layers`, tried at places that neither
learning nor measuring looks at. A brush that is in the file is not made again. To be run again whenever the
weights of the model change.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from inscape.brush_kinds import FILE, KINDS, Kind
from inscape.dissection import shipped_report
from inscape.dissection.variants import FRESH_SEED
from inscape.errors import ConceptError, InscapeError
from inscape.models import Generator, folder_of, open_model
from inscape.models.weights import weights_hash
from inscape.painting import (
    BrushSearch,
    BrushSet,
    LearnedBrush,
    WorldRule,
    causal_brush,
    learn_brush,
    learn_rule,
    score_brush,
)
from inscape.scenes import World, world
from inscape.segmenters import Segmenter, fitting_segmenter

CHOOSING = FRESH_SEED + 70_000_000
"""Seed of the pictures that layers are chosen on."""

SHORT, TRIED = 40, 60
"""Steps of the short search, and places that it is tried at."""


@dataclass(frozen=True)
class Making:
    """What brushes are made of."""

    model: Generator
    world: World
    judge: Segmenter
    layers: tuple[str, ...]
    search: BrushSearch

    def rule(self, concept: str, layer: str) -> WorldRule:
        """Where a concept stands, on the grid of a layer."""
        return _rule(self.world, concept, self.model.layer(layer).size or 1)

    def brushes(self, concept: str, kinds: list[str]) -> Iterator[LearnedBrush]:
        """The brushes of a concept that can be made, measured."""
        layer = self.layers[0] if len(self.layers) == 1 else self.best_layer(concept)
        for kind in kinds:
            try:
                yield self.measured(self.made(concept, kind, layer))
            except ConceptError as error:
                sys.stdout.write(f"  {kind}: {error.detail}\n")

    def made(self, concept: str, kind: str, layer: str) -> LearnedBrush:
        """One brush, not measured; a causal one is of the report that ships."""
        if kind == "causal":
            report = shipped_report(self.model)
            return causal_brush(report, concept, self.rule(concept, report.layer).box)
        found: Kind = "learned" if kind == "learned" else "obedient"
        return learn_brush(self.model, self.rule(concept, layer), found, layer=layer, search=self.search)

    def measured(self, brush: LearnedBrush) -> LearnedBrush:
        """The brush with its score."""
        rule = self.rule(brush.concept, brush.layer)
        return replace(brush, score=score_brush(self.model, brush, rule, segmenter=self.judge))

    def best_layer(self, concept: str) -> str:
        """The layer whose short search reaches most."""
        reached = {}
        for layer in self.layers:
            rule = self.rule(concept, layer)
            search = replace(self.search, steps=SHORT)
            try:
                brush = learn_brush(self.model, rule, layer=layer, search=search)
                found = score_brush(self.model, brush, rule, places=TRIED, seed=CHOOSING)
            except ConceptError:
                continue
            reached[layer] = found.hits
        sys.stdout.write(
            f"{concept}: " + ", ".join(f"{name} {hits:.0%}" for name, hits in reached.items()) + "\n"
        )
        return max(reached, key=lambda name: reached[name], default=self.layers[0])


@lru_cache(maxsize=16)
def _rule(among: World, concept: str, grid: int) -> WorldRule:
    return learn_rule(among, concept, grid=grid)


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", default="town")
    parser.add_argument("--concepts", help="separated by commas; those of the first plane unless given")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--layers", help="to choose from; the model's default layer alone unless given")
    parser.add_argument("--judge", required=True, help="a segmenter that brushes do not learn from")
    parser.add_argument("--steps", type=int, default=BrushSearch.steps)
    arguments = parser.parse_args()
    try:
        ship(arguments)
    except InscapeError as error:
        sys.stderr.write(f"ship_brushes: {error}\n")
        return error.exit_code
    return 0


def ship(asked: argparse.Namespace) -> None:
    """Make what is missing, one brush after the other."""
    model = open_model(asked.model)
    assert isinstance(model, Generator) and model.card.world is not None
    path = folder_of(asked.model) / FILE
    kept = _kept(path, model)
    layers = tuple(asked.layers.split(",")) if asked.layers else (model.layer(None).name,)
    judge = fitting_segmenter(model, asked.judge)
    making = Making(model, world(model.card.world), judge, layers, BrushSearch(steps=asked.steps))
    vocabulary = making.world.vocabulary
    concepts = (
        asked.concepts.split(",") if asked.concepts else list(vocabulary.in_plane(vocabulary.planes[0]))
    )
    for concept in concepts:
        done = {one.kind for one in kept if one.concept == concept}
        for brush in making.brushes(concept, [kind for kind in asked.kinds.split(",") if kind not in done]):
            kept = kept.with_brushes([brush])
            kept.save(path)
            sys.stdout.write(f"  {_line(brush)}\n")
            sys.stdout.flush()


def _kept(path: Path, model: Generator) -> BrushSet:
    """The brushes that are there, where they were made for these weights."""
    empty = BrushSet(model.name, weights_hash(model.module))
    if not path.is_file():
        return empty
    found = BrushSet.load(path)
    return found if found.weights == empty.weights else empty


def _line(brush: LearnedBrush) -> str:
    score = brush.score
    assert score is not None
    return (
        f"{brush.concept} {brush.kind} {brush.layer} {len(brush.units)} units: legal {score.hits:.2f} of "
        f"{score.legal}, random {score.random}, illegal {score.illegal_hits} of {score.illegal}, "
        f"dE {score.change}"
    )


if __name__ == "__main__":
    sys.exit(main())
