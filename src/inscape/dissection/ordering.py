"""The order in which units of a concept are taken: the one function behind every set of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from inscape.errors import ConceptError, UsageError, unknown_name

if TYPE_CHECKING:
    from inscape.dissection.causes import Causes

Rank = Literal["alpha", "effect", "iou"]
"""What units are ordered by: α of the optimised set, what each causes alone, or `iou_best`."""

RANKS: tuple[Rank, ...] = get_args(Rank)
_TITLES = {"alpha": "optimised set", "effect": "single effects", "iou": "overlap"}


@dataclass(frozen=True)
class Order:
    """Units, best first.

    Attributes:
        rank: What they are ordered by.
        units: Channels of the layer; by overlap only those that overlap the concept at all.
    """

    rank: Rank
    units: tuple[int, ...]


def check_rank(rank: str | None) -> Rank | None:
    """A rank as a person typed it.

    Raises:
        UsageError: There is no such rank.
    """
    for known in RANKS:
        if rank == known:
            return known
    if rank is None:
        return None
    raise UsageError(*unknown_name("rank", rank, RANKS))


def order_units(
    concept: str, ious: Sequence[float], causes: Causes | None, rank: Rank | None = None
) -> Order:
    """Order the units of a layer for a concept.

    By α where the set of the concept was optimised, which takes into account what units do together; else by
    what each causes alone, most removed first; else by overlap. Among units of the same value the lower
    number comes first.

    Args:
        concept: Its name.
        ious: `iou_best` of every unit for it.
        causes: What the report holds of causes.
        rank: What to order by; the first of `RANKS` that is known unless given.

    Raises:
        ConceptError: What was asked for is not known of this concept.
    """
    effects = None if causes is None else causes.effects.get(concept)
    alphas = None if causes is None else causes.sets.get(concept)
    keys: dict[Rank, Sequence[float] | None] = {
        "alpha": None if alphas is None else [-alpha for alpha in alphas],
        "effect": effects,
        "iou": [-iou for iou in ious],
    }
    known: list[Rank] = [each for each in RANKS if keys[each] is not None]
    chosen = known[0] if rank is None else rank
    key = keys[chosen]
    if key is None:
        option = {"alpha": "--sets", "effect": "--effects"}[chosen]
        raise ConceptError(
            f"The report has no {_TITLES[chosen]} of {concept!r} to order units by.",
            f"Dissect with {option}, or choose another --rank.",
        )
    units = [unit for unit in range(len(ious)) if chosen != "iou" or ious[unit] > 0]
    return Order(chosen, tuple(sorted(units, key=lambda unit: (key[unit], unit))))
