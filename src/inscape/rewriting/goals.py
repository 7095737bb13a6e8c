"""Goals of a rule: values copied from one picture and pasted into another.

As in Rewriting a Deep Generative Model (Bau et al., ECCV 2020, section 4), a person copies a region of one
picture and pastes it at a position of another; the values under the first become the goal at the second. The
authors' loss counts every position of the pasted box alike, its corners too; here each position counts as
much as the copied mask says, and the positions around it must keep the values that they have, so that the
rule keeps what surrounds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.editing.rule_settings import RuleSettings
from inscape.errors import RegionError, ValueRangeError
from inscape.rewriting.memory import LayerMemory, Reading

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.regions import Region


@dataclass(frozen=True)
class Goal:
    """The desired output of a layer for one picture.

    Attributes:
        reading: What the layer does with the picture now.
        target: What it should output, `[O, height, width]`.
        weight: How much each position counts as one that is to change, `[height, width]`; nowhere for a goal
            that only keeps what is there.
        kept: How much each position counts as one that is to stay, `[height, width]`.
    """

    reading: Reading
    target: Float[Tensor, "output height width"]
    weight: Float[Tensor, "height width"]
    kept: Float[Tensor, "height width"] | None = None

    @property
    def places(self) -> Tensor:
        """Indices of the places that count, in the flattened map."""
        counted = self.weight if self.kept is None else self.weight + self.kept
        return counted.flatten().nonzero()[:, 0]


class Misfit:
    """The distance of values from goals.

    All pastes count alike, and so do all positions that are protected. Inside a paste positions count by
    their weight; those of its halo count half as much as one that is pasted, and together never more than the
    paste. What is protected counts, as a whole, as much as one paste: a mean over all of it.

    Args:
        goals: At least one of them is to change something.

    Raises:
        ValueRangeError: None is.
    """

    def __init__(self, goals: Sequence[Goal]) -> None:
        pastes = sum(bool(goal.weight.sum() > 0) for goal in goals)
        if not pastes:
            raise ValueRangeError("A rule needs a goal: copy something, and paste it.")
        protected = len(goals) - pastes
        self._parts = []
        for goal in goals:
            places = goal.places
            weight = goal.weight.flatten()[places]
            kept = torch.zeros_like(weight) if goal.kept is None else goal.kept.flatten()[places]
            total, rest = float(weight.sum()), float(kept.sum())
            if total:
                weight, kept = weight / (pastes * total), kept / (pastes * max(total, rest))
            else:
                kept = kept / (protected * rest)
            self._parts.append((goal.target.flatten(1)[:, places], weight, kept))

    def __call__(
        self, values: Iterable[Tensor], distance: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The mean distance over what is to change, and over what is to stay, and over all units.

        Args:
            values: The output of the layer at the positions of each goal, `[O, P]`.
            distance: Of a difference.
        """
        changes, stays = torch.zeros(()), torch.zeros(())
        for value, (target, weight, kept) in zip(values, self._parts, strict=True):
            gap = distance(value - target).mean(0)
            changes = changes + gap @ weight
            stays = stays + gap @ kept
        return changes, stays


def mask_of(region: Region, reading: Reading, image_size: int | None) -> Float[Tensor, "height width"]:
    """A region on the grid of a layer's values.

    Raises:
        RegionError: It is empty, or lies outside the picture.
    """
    height, width = reading.values.shape[2:]
    mask = region.mask(height, width, image_size=image_size).float()
    if float(mask.max()) <= 0:
        raise RegionError("The region is empty: it covers nothing of the picture.", "Mark a larger one.")
    return mask


def paste_goal(
    source: Reading,
    copied: Float[Tensor, "height width"],
    target: Reading,
    place: Float[Tensor, "height width"],
    *,
    scale: float = 1.0,
    halo: int = RuleSettings.halo,
) -> Goal:
    """Copy the values under a mask and paste them into another picture, centred on a position there.

    Args:
        source: The picture to copy from.
        copied: Mask on the layer's grid; soft borders mix what is pasted with what is there.
        target: The picture to paste into.
        place: Mask whose middle says where; the pasted box is moved inside the picture where it stands out.
        scale: Factor on the size of the paste, 1/8 to 8.
        halo: How many cells around must stay as they are; see `Misfit`.

    Raises:
        RegionError: A mask is empty, or what is pasted is larger than the picture.
        ValueRangeError: The scale is not between 1/8 and 8.
    """
    if not 1 / 8 <= scale <= 8:
        raise ValueRangeError(f"The scale of a paste lies between 1/8 and 8, got {scale:g}.")
    left, top, width, height = bounds(copied)
    alpha = copied[top : top + height, left : left + width]
    clip = source.values[0, :, top : top + height, left : left + width]
    if scale != 1:
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        both = torch.cat([clip, alpha[None]])[None]
        both = functional.interpolate(both, size, mode="bilinear", align_corners=False)[0]
        clip, alpha = both[:-1], both[-1]
    rows, columns = target.values.shape[2:]
    if alpha.shape[0] > rows or alpha.shape[1] > columns:
        raise RegionError(
            f"The paste has {alpha.shape[1]} × {alpha.shape[0]} cells, and the layer {columns} × {rows}.",
            "Scale it down.",
        )
    x, y, w, h = bounds(place)
    x = min(max(round(x + w / 2 - alpha.shape[1] / 2), 0), columns - alpha.shape[1])
    y = min(max(round(y + h / 2 - alpha.shape[0] / 2), 0), rows - alpha.shape[0])
    weight = torch.zeros(rows, columns)
    weight[y : y + alpha.shape[0], x : x + alpha.shape[1]] = alpha
    wanted = target.values[0].clone()
    here = wanted[:, y : y + alpha.shape[0], x : x + alpha.shape[1]]
    wanted[:, y : y + alpha.shape[0], x : x + alpha.shape[1]] = torch.lerp(here, clip, alpha.expand_as(clip))
    return Goal(target, wanted, weight, halo_of(weight, halo))


def erase_goal(
    memory: LayerMemory,
    reading: Reading,
    place: Float[Tensor, "height width"],
    units: Sequence[int],
    *,
    halo: int = RuleSettings.halo,
) -> Goal:
    """What the layer would output if some units of its keys were switched off at a position.

    Args:
        memory: The layer.
        reading: Of the picture.
        place: Where, on the grid of the values.
        units: Channels of the keys, counted from 0; `loudest_units` finds those of a context.
        halo: How many cells around must stay as they are; see `Misfit`.
    """
    size = reading.shown.shape[2:]
    mask = functional.interpolate(
        place[None, None], size, mode="bilinear", align_corners=False, antialias=True
    )
    mask = functional.pad(mask, (reading.margin,) * 4)
    keys = reading.keys.clone()
    keys[:, list(units)] = keys[:, list(units)] * (1 - mask[0])
    weight = memory.weight
    wanted = memory.values(reading.inputs, memory.linear(keys, weight), weight)[0]
    wanted = torch.lerp(reading.values[0], wanted, place.expand_as(wanted))
    return Goal(reading, wanted, place, halo_of(place, halo))


def kept_goal(reading: Reading, place: Float[Tensor, "height width"]) -> Goal:
    """A place that must stay as it is."""
    return Goal(reading, reading.values[0], torch.zeros_like(place), place)


def loudest_units(
    keys: Float[Tensor, "key input"], weights: Float[Tensor, "key"], moment: Tensor, count: int
) -> list[int]:
    """The units whose mean square over a context is highest, in their usual mean square.

    Raises:
        ValueRangeError: There are not as many units.
    """
    if not 1 <= count <= keys.shape[1]:
        raise ValueRangeError(f"The keys of this layer have {keys.shape[1]} units, got {count} to erase.")
    level = weights.double() @ keys.double().square() / weights.double().sum()
    usual = moment.diagonal().clamp_min(1e-30)
    return [int(unit) for unit in (level / usual).topk(count).indices]


def halo_of(weight: Float[Tensor, "height width"], cells: int) -> Float[Tensor, "height width"]:
    """How much cells count as ones that are to stay: half the largest weight near them, less their own."""
    if not cells:
        return torch.zeros_like(weight)
    size = 2 * cells + 1
    grown = functional.max_pool2d(weight[None, None], size, stride=1, padding=cells)[0, 0]
    return (0.5 * grown - weight).clamp_min(0)


def bounds(mask: Float[Tensor, "height width"]) -> tuple[int, int, int, int]:
    """`(x, y, width, height)` of the smallest box that holds every cell above zero.

    Raises:
        RegionError: There is none.
    """
    rows, columns = (mask > 0).any(1).nonzero()[:, 0], (mask > 0).any(0).nonzero()[:, 0]
    if not len(rows):
        raise RegionError("The region is empty: it covers nothing of the picture.", "Mark a larger one.")
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1
