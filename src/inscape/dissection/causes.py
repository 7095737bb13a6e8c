"""What the units of a layer cause: each alone, and in sets that are optimised for a concept.

Everything is measured on pictures that the dissection has not seen, and kept on disk while it runs, so that a
stopped run continues where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import numpy as np

from inscape import storage
from inscape.dissection._kept import KeptArrays
from inscape.dissection._pool import pool_of
from inscape.dissection._run_folder import run_folder
from inscape.dissection.borders import replaced
from inscape.dissection.optimised_set import SetOptions, SetSearch, Target
from inscape.dissection.single_effects import single_effects
from inscape.dissection.variants import BATCH, FRESH_SEED, Series
from inscape.editing import UnitEdit
from inscape.errors import ValueRangeError
from inscape.models.fingerprint import fingerprint
from inscape.progress import SilentProgress

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.concepts import Vocabulary
    from inscape.dissection.variants import Looking
    from inscape.models import Generator
    from inscape.types import JsonMapping, JsonObject

TOP = 20
"""Units of a set that are switched off to see what takes the place of the concept."""

_VERSION = 1
_EFFECTS, _SETS, _REMOVALS = FRESH_SEED + 20_000_000, FRESH_SEED + 30_000_000, FRESH_SEED + 40_000_000
_REMOVAL_PICTURES = 64


@dataclass(frozen=True)
class CauseOptions:
    """What is measured of causes.

    Attributes:
        effects: Whether to switch off each unit alone.
        sets: Whether to optimise the set of each concept.
        concepts: Whose sets; those of the first plane unless given.
        images: Pictures on which single units are switched off.
        pool: Pictures that sets are optimised on.
        search: How sets are optimised.
    """

    effects: bool = True
    sets: bool = True
    concepts: tuple[str, ...] = ()
    images: int = BATCH
    pool: int = 256
    search: SetOptions = field(default_factory=SetOptions)

    def __post_init__(self) -> None:
        """Check the numbers."""
        if min(self.images, self.pool) < 2:
            raise ValueRangeError(
                f"Causes are measured on at least 2 pictures, got {min(self.images, self.pool)}."
            )


@dataclass(frozen=True)
class Removal:
    """What the first units of an optimised set take away, on pictures that did not choose them.

    Attributes:
        units: How many are off.
        images: Number of pictures.
        relative_change: Of the concept's area; None where these pictures do not show it.
        appears: Concepts that take its place, as fractions of the pixels that it left.
        borders: The same, counting only pixels that become what bordered the object.
    """

    units: int
    images: int
    relative_change: float | None
    appears: dict[str, float]
    borders: dict[str, float]


@dataclass(frozen=True, eq=False)
class Causes:
    """What units cause.

    Attributes:
        effects: For each concept in the pictures the relative change of its area when one unit alone is off,
            unit by unit.
        sets: For each concept α of every unit, from 0 to 1.
        removals: What the first units of each set take away.
        steps: How many steps each set was optimised for.
        images: Pictures on which single units were switched off.
    """

    effects: Mapping[str, Sequence[float]] = field(default_factory=dict)
    sets: Mapping[str, Sequence[float]] = field(default_factory=dict)
    removals: Mapping[str, Removal] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)
    images: int = 0

    def to_json(self) -> JsonObject:
        """`effects` and `sets` as pairs of unit and value, the strongest first, and the rest."""
        return {
            "effects": {name: _pairs(row, 1) for name, row in self.effects.items()},
            "sets": {name: _pairs(row, -1) for name, row in self.sets.items()},
            "removals": {name: asdict(removal) for name, removal in self.removals.items()},
            "set_steps": dict(self.steps),
            "effect_images": self.images,
        }

    @classmethod
    def from_json(cls, document: JsonMapping) -> Causes | None:
        """What a `report.json` holds; None where nothing was measured.

        Raises:
            KeyError, TypeError, ValueError: It is damaged.
        """
        if not document.get("effects") and not document.get("sets"):
            return None
        return cls(
            {str(name): _row(pairs) for name, pairs in document["effects"].items()},
            {str(name): _row(pairs) for name, pairs in document["sets"].items()},
            {str(name): Removal(**removal) for name, removal in document["removals"].items()},
            {str(name): int(steps) for name, steps in document["set_steps"].items()},
            int(document["effect_images"]),
        )


def _pairs(row: Sequence[float], sign: int) -> list[list[float]]:
    order = sorted(range(len(row)), key=lambda unit: (sign * row[unit], unit))
    return [[unit, round(row[unit], 6)] for unit in order]


def _row(pairs: Sequence[Sequence[float]]) -> tuple[float, ...]:
    values = {int(unit): float(value) for unit, value in pairs}
    return tuple(values[unit] for unit in range(len(values)))


def find_causes(
    model: Generator,
    layer: str,
    values: Float[Tensor, "concept unit"],
    options: CauseOptions,
    *,
    cache: Path | None = None,
    **looking: Unpack[Looking],
) -> Causes:
    """Measure what the units of a layer cause.

    Args:
        model: The generator.
        layer: The layer.
        values: What units become where they are switched on, by concept: the conditional means of a report.
        options: What is measured.
        cache: Where the folder of the run is made, from which a stopped run continues.
        looking: `segmenter`, `progress` and `executor`; see `Looking`.

    Raises:
        ConceptError: The segmenter knows no such concept.
        UnsupportedError: No segmenter fits the generator, or gradients do not flow through it.
        CancelledError: The person cancelled; what is done is kept for the next attempt.
    """
    given: Looking = {"segmenter": looking.get("segmenter"), "progress": looking.get("progress")}
    given["executor"] = looking.get("executor")
    singles = Series.of(model, layer, options.images, {**given, "seed": _EFFECTS})
    vocabulary = singles.reader.vocabulary
    concepts = options.concepts or vocabulary.in_plane(vocabulary.planes[0])
    indices = [vocabulary.index(name) for name in concepts]
    found = Causes()
    with _folder(singles, values, options, cache) as folder:
        if options.effects:
            change = single_effects(singles, KeptArrays(folder / "effects", singles.layer.units + 1))
            rows = zip(vocabulary.names, change, strict=True)
            known = {name: tuple(row.tolist()) for name, row in rows if np.isfinite(row).all()}
            found = replace(found, effects=known, images=options.images)
        if options.sets:
            series = replace(singles, images=options.pool, seed=_SETS)
            pool = pool_of(series, KeptArrays(folder / "pool", options.pool))
            search = SetSearch(series, pool, options.search)
            targets = [_target(vocabulary, index, values) for index in indices if search.measurable(index)]
            found = _sets(found, search, targets, folder)
    return found


def _target(vocabulary: Vocabulary, index: int, values: Float[Tensor, "concept unit"]) -> Target:
    name = vocabulary.names[index - 1]
    return Target(name, index, vocabulary.plane_of(name), values[index - 1])


@contextmanager
def _folder(
    series: Series, values: Float[Tensor, "concept unit"], options: CauseOptions, cache: Path | None
) -> Iterator[Path]:
    """The folder of the run, named by network, card, segmenter, layer, classes, values and options."""
    keys = fingerprint(series.model.module), fingerprint(series.reader)
    layer = series.layer.model_dump()
    inserted = storage.content_key(values.cpu().double().numpy().tobytes())
    described = [layer, list(series.model.classes), asdict(options), inserted]
    card = series.model.card.model_dump_json()
    key = None if None in keys else storage.content_key(_VERSION, *keys, card, *described)
    with run_folder(cache or storage.cache_folder() / "causes", key, described) as folder:
        yield folder


def _sets(found: Causes, search: SetSearch, targets: Sequence[Target], folder: Path) -> Causes:
    """With the sets of some concepts, and what their first units take away."""
    sets, steps, removals = {}, {}, {}
    progress = search.series.progress or SilentProgress()
    for target in targets:
        with progress.task(f"Finding the units of {target.concept}", search.options.steps, "steps") as task:
            path = folder / f"set-{target.index:03d}.safetensors"
            alpha, taken = search.find(target, path, task)
        sets[target.concept], steps[target.concept] = tuple(alpha.tolist()), taken
        best = sorted(range(len(alpha)), key=lambda unit: (-sets[target.concept][unit], unit))[:TOP]
        removals[target.concept] = _removal(search.series, target, best)
    return replace(found, sets=sets, steps=steps, removals=removals)


def _removal(series: Series, target: Target, units: Sequence[int]) -> Removal:
    """Switch units off in pictures that chose nothing."""
    fresh = replace(series, seed=_REMOVALS, images=_REMOVAL_PICTURES)
    edit = UnitEdit(series.layer.name, tuple(units), mode="remove")
    before = after = 0
    counts = None
    for numbers in (fresh.numbers[start : start + BATCH] for start in range(0, _REMOVAL_PICTURES, BATCH)):
        batch = fresh.variants(numbers)
        plain, changed = (
            series.reader.segment(images)[:, target.plane].cpu().numpy()
            for images in (batch.draw(), batch.edited(edit))
        )
        before += int((plain == target.index).sum())
        after += int((changed == target.index).sum())
        some = replaced(plain, changed, target.index)
        counts = some if counts is None else counts + some
    assert counts is not None
    appears, borders = counts.shares(series.reader.vocabulary.names)
    change = after / before - 1 if before else None
    return Removal(len(units), _REMOVAL_PICTURES, change, appears, borders)
