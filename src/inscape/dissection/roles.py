"""Roles: which units of a classifier carry one class, and which an attack towards it moves.

After "Understanding the role of individual units in a deep neural network" (Bau et al., PNAS 2020). Every
unit is switched off alone, and ranked by the balanced accuracy of the class that is then lost, on one half of
the pictures. On the other half the best and the least units are switched off together, beside random sets of
as many. A targeted attack then changes pictures of other classes; how far it moves each unit is compared with
what the unit carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from inscape.dissection._class_pictures import ClassPictures, balanced, lead
from inscape.dissection.attacks import AttackOptions
from inscape.dissection.moved import Moves, compare_moves, moves
from inscape.dissection.roles_report import Carried, CurvePoint, RolesReport
from inscape.errors import ValueRangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.models import Model
    from inscape.progress import Progress
    from inscape.sources import ClassSource

SIZES = (1, 2, 4, 8, 12, 16, 20, 32, 64, 128, 256)
"""How many units are switched off together."""

_FRESH = 90_000_000
"""Where the seeds of scenes start: no training counts from here."""


@dataclass(frozen=True)
class RolesOptions:
    """How roles are found.

    Attributes:
        layer: The layer; the default one unless given.
        images: Number of pictures: half to choose units on, half to measure on.
        seed: Of the first picture. Far from where training and dissections count, for scenes, unless given.
        controls: Random sets of each size.
        attack: How pictures are attacked.
    """

    layer: str | None = None
    images: int = 2000
    seed: int | None = None
    controls: int = 20
    attack: AttackOptions = field(default_factory=AttackOptions)


def find_roles(
    model: Model,
    name: str,
    source: ClassSource,
    options: RolesOptions | None = None,
    progress: Progress | None = None,
) -> RolesReport:
    """Rank the units of a layer by what one class loses without them, and see which ones an attack moves.

    Args:
        model: A classifier.
        name: The class: its name or its number.
        source: Pictures with classes.
        options: See `RolesOptions`.
        progress: Told of the pictures done.

    Raises:
        LayerError, NotFoundError: There is no such layer or class, or no picture of the class.
        UnsupportedError: The model is no classifier.
        UsageError: The source has no classes.
        ValueRangeError: Too few pictures or sets.
    """
    asked = options or RolesOptions()
    pictures = ClassPictures.of(model, asked.layer, source, progress)
    number = model.card.class_index(name)
    numbers = source.numbers(_first(source) if asked.seed is None else asked.seed, asked.images)
    if len(numbers) < 16 or asked.controls < 2:
        raise ValueRangeError(
            f"Roles need at least 16 pictures and 2 random sets, got {len(numbers)} and {asked.controls}."
        )
    chosen = _alone(pictures, numbers[0::2], number)
    sets = _sets(chosen.order, asked.controls, numbers.start)
    every = [each for _, group in sets for each in group]
    tested = _together(pictures, numbers[1::2], every, number, asked.attack)
    moved = tested.moved
    return RolesReport(
        model=model.name,
        layer=pictures.layer.name,
        name=model.card.classes[number] if model.card.classes else str(number),
        source=source.name,
        images=chosen.pictures + len(tested.classes),
        seed=numbers.start,
        controls=asked.controls,
        before=float(balanced(tested.read[0], tested.classes, number)),
        whole=float((tested.read[0] == tested.classes).mean()),
        carried=_carried(chosen, number),
        accuracy=_curve(sets, tested, number),
        attack=moved and compare_moves(moved, chosen.margins, number, asked.attack, numbers.start),
    )


def _carried(chosen: _Alone, number: int) -> list[Carried]:
    lost, margins = chosen.lost, chosen.margins[number]
    return [Carried(int(unit), float(lost[unit]), float(margins[unit])) for unit in chosen.order]


def _first(source: ClassSource) -> int:
    """Where to begin: scenes have seeds without end, a folder is used from its first photo."""
    from inscape.sources import ScenePictures

    return _FRESH if isinstance(source, ScenePictures) else 0


class _Alone(NamedTuple):
    """What happens with each unit off alone.

    Attributes:
        pictures: How many there were.
        lost: Balanced accuracy of the class that is lost, `[unit]`.
        margins: How much of its lead over the best other class every class loses on its own pictures,
            `[class, unit]`; 0 for classes without pictures.
        order: The units by both, those that the class loses most by first.
    """

    pictures: int
    lost: NDArray[np.float64]
    margins: NDArray[np.float64]
    order: NDArray[np.int64]


def _alone(pictures: ClassPictures, numbers: range, number: int) -> _Alone:
    units, classes, read = pictures.layer.units, [], []
    leads: list[NDArray[np.float64]] = []
    for batch in pictures.batches(numbers, "Switching off each unit alone"):
        outputs = torch.stack(list(batch.without([[], *([unit] for unit in range(units))])))[:, batch.known]
        classes.append(batch.classes[batch.known])
        read.append(outputs.argmax(2).cpu().numpy())
        leads.append(lead(outputs, classes[-1]).double().cpu().numpy())
    truth, ahead = np.concatenate(classes), np.concatenate(leads, axis=1)
    accuracy = balanced(np.concatenate(read, axis=1), truth, number)
    lost, margins = accuracy[0] - accuracy[1:], np.zeros((outputs.shape[2], units))
    for each in np.unique(truth):
        margins[each] = (ahead[0] - ahead[1:])[:, truth == each].mean(1)
    return _Alone(len(truth), lost, margins, np.lexsort((-margins[number], -lost)))


def _sets(order: NDArray[np.int64], controls: int, seed: int) -> list[tuple[int, list[list[int]]]]:
    """For each size: the best units, the least, and random sets of all units."""
    random = np.random.RandomState(seed % 2**32)
    sizes = [size for size in SIZES if size <= len(order)]
    ranked = order.tolist()
    return [
        (
            size,
            [
                ranked[:size],
                ranked[-size:],
                *(random.choice(ranked, size, replace=False).tolist() for _ in range(controls)),
            ],
        )
        for size in [0, *sizes]
    ]


class _Together(NamedTuple):
    """What happens with sets of units off, and what attacks move."""

    classes: NDArray[np.int64]
    read: NDArray[np.int64]
    moved: Moves | None


def _together(
    pictures: ClassPictures, numbers: range, sets: list[list[int]], number: int, attack: AttackOptions
) -> _Together:
    classes, read, found = [], [], []
    left = attack.images
    for batch in pictures.batches(numbers, "Switching off sets of units"):
        outputs = torch.stack([each[batch.known].argmax(1) for each in batch.without(sets)])
        classes.append(batch.classes[batch.known])
        read.append(outputs.cpu().numpy())
        if (moved := moves(pictures, batch, number, attack, left)) is not None:
            found.append(moved)
            left -= len(moved.classes)
    return _Together(np.concatenate(classes), np.concatenate(read, axis=1), Moves.joined(found))


def _curve(sets: Sequence[tuple[int, list[list[int]]]], tested: _Together, number: int) -> list[CurvePoint]:
    """Balanced accuracy of the class by how many units are off."""
    accuracy = balanced(tested.read, tested.classes, number)
    points, place = [], 0
    for size, group in sets:
        best, least, *random = accuracy[place : place + len(group)]
        place += len(group)
        low, high = np.quantile(random, [0.025, 0.975])
        points.append(
            CurvePoint(size, float(best), float(np.mean(random)), (float(low), float(high)), float(least))
        )
    return points
