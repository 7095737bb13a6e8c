"""Atlas: the detectors of layers, moments of a training, pruned copies and architectures side by side.

Every model is shown the same pictures, and every unit is judged by the one criterion of all dissections.
Beside each count stands what it is where every picture has the label maps of another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from inscape.dissection.atlas_report import AtlasReport, AtlasRow, Change
from inscape.dissection.dissect import dissect_layers
from inscape.errors import UnsupportedError, UsageError, ValueRangeError
from inscape.sources.held import HeldPictures
from inscape.sources.source import shown

if TYPE_CHECKING:
    from inscape.dissection.report import DissectionReport
    from inscape.models import Model
    from inscape.progress import Progress
    from inscape.sources import PictureSource

_BATCH = 128


@dataclass(frozen=True)
class Entry:
    """A model of an atlas.

    Attributes:
        model: The model.
        name: In the atlas.
        place: Where it stands along the axis of the plots: pictures seen, percent pruned; none where it has
            no such place.
        line: Models of one line are joined in the plots, in order of their places.
    """

    model: Model
    name: str
    place: float | None = None
    line: str = ""


@dataclass(frozen=True)
class AtlasOptions:
    """How an atlas is made.

    Attributes:
        layers: Of every model; the default layer of each unless given.
        along: What the places of the entries are, as a person reads it.
        images: Number of pictures.
        seed: Of the first picture.
        controls: How often label maps are shuffled.
    """

    layers: tuple[str, ...] = ()
    along: str = ""
    images: int = 1000
    seed: int = 0
    controls: int = 1

    def __post_init__(self) -> None:
        """Check the controls."""
        if self.controls < 1:
            raise ValueRangeError(
                f"An atlas needs at least one shuffle of the label maps, got {self.controls}."
            )


def make_atlas(
    entries: Sequence[Entry],
    source: PictureSource,
    options: AtlasOptions | None = None,
    progress: Progress | None = None,
) -> AtlasReport:
    """Dissect models on the same pictures, and put what their units detect side by side.

    Args:
        entries: The models.
        source: Pictures with label maps, and with classes where accuracies are wanted.
        options: See `AtlasOptions`.
        progress: Told of what is done.

    Raises:
        LayerError: A model has no such layer.
        UnsupportedError: A model takes no pictures, or the source has no label maps.
        UsageError: No model was given.
        ValueRangeError: Too few pictures.
    """
    if not entries:
        raise UsageError("An atlas needs at least one model, got none.")
    for entry in entries:
        if entry.model.card.kind in ("generator", "language"):
            raise UnsupportedError(
                f"An atlas shows pictures to networks; {entry.name!r} is {entry.model.card.noun}.",
                "Compare the layers of a generator with `inscape layers`.",
            )
    asked = options or AtlasOptions()
    numbers = source.numbers(asked.seed, asked.images)
    held = HeldPictures.of(source, entries[0].model, numbers, progress)
    shuffled = [held.shuffled(asked.seed + number) for number in range(asked.controls)]
    rows = [row for entry in entries for row in _rows(entry, held, shuffled, asked, progress)]
    assert held.vocabulary is not None
    return AtlasReport(
        source=held.name,
        images=len(numbers),
        seed=asked.seed,
        along=asked.along,
        planes={concept.name: concept.plane for concept in held.vocabulary.concepts},
        rows=rows,
        changes=changes_between(rows),
    )


def _rows(
    entry: Entry,
    held: HeldPictures,
    shuffled: Sequence[HeldPictures],
    options: AtlasOptions,
    progress: Progress | None,
) -> list[AtlasRow]:
    """A row for each layer of a model."""
    model = entry.model
    names = [model.layer(name).name for name in options.layers or (None,)]
    found = _dissected(model, names, held, progress)
    chance = [_dissected(model, names, each, progress) for each in shuffled]
    right = _accuracy(model, held)
    controls = {name: sum(_count(each[name]) for each in chance) / len(chance) for name in names}
    return [_row(entry, found[name], controls[name], right) for name in names]


def _dissected(
    model: Model, layers: list[str], held: HeldPictures, progress: Progress | None
) -> dict[str, DissectionReport]:
    return dissect_layers(model, layers, len(held.pictures), source=held, top=1, progress=progress)


def _count(report: DissectionReport) -> int:
    return sum(finding.counts for finding in report.findings)


def _row(entry: Entry, report: DissectionReport, control: float, accuracy: float | None) -> AtlasRow:
    named = [finding.concept_best if finding.counts else None for finding in report.findings]
    return AtlasRow(
        model=entry.name,
        layer=report.layer,
        units=len(report.findings),
        concepts=report.concepts,
        control=control,
        accuracy=accuracy,
        place=entry.place,
        line=entry.line,
        labels=named,
    )


@torch.inference_mode()
def _accuracy(model: Model, held: HeldPictures) -> float | None:
    """Share of the pictures with a class that the model tells right; None where it knows other classes."""
    if not held.classes or tuple(held.classes) != tuple(model.card.classes):
        return None
    right, total = 0, 0
    truth = torch.tensor(held.class_of)
    for start in range(0, len(truth), _BATCH):
        part = slice(start, start + _BATCH)
        known = truth[part] >= 0
        read = shown(model, held.pictures[part]).argmax(1).cpu()
        right += int((read == truth[part])[known].sum())
        total += int(known.sum())
    return right / total if total else None


def changes_between(rows: Sequence[AtlasRow]) -> list[Change]:
    """What became of units along each line: from a model to the next with the same layer, and from the first.

    Lines are compared with themselves alone: pruned copies with copies of the same kind, from the first on.
    """
    lines: dict[tuple[str, str, int], list[AtlasRow]] = {}
    for row in rows:
        lines.setdefault((row.line, row.layer, row.units), []).append(row)
    return [
        Change.between(before, after)
        for same in lines.values()
        for before, after in [*pairwise(same), *((same[0], row) for row in same[2:])]
    ]
