"""What a layer should answer instead: values copied from one picture and pasted into another.

As in Rewriting a Deep Generative Model (Bau et al., ECCV 2020, section 4), a person copies a region of one
picture and pastes it at a place of another; the values under the first become the goal at the second. The
authors' loss counts every place of the pasted box alike, its corners too; here each place counts as much as
the copied mask says, and the places around it count too, with the values that they have, so that the rule
keeps what surrounds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.errors import RegionError, ValueRangeError
from inscape.rewriting.memory import LayerMemory, Reading

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.regions import Region

HALO = 1
"""How many cells around a pasted region must stay as they are."""


@dataclass(frozen=True)
class Goal:
    """What should come out of a layer for one picture.

    Attributes:
        reading: What the layer does with the picture now.
        target: What it should put out, `[O, height, width]`.
        weight: How much each place counts, `[height, width]`, 0 for those that do not.
    """

    reading: Reading
    target: Float[Tensor, "output height width"]
    weight: Float[Tensor, "height width"]

    @property
    def places(self) -> Tensor:
        """Indices of the places that count, in the flattened map."""
        return self.weight.flatten().nonzero()[:, 0]


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
    halo: int = HALO,
) -> Goal:
    """Copy the values under a mask and paste them into another picture, centred on a place there.

    Args:
        source: The picture to copy from.
        copied: Mask on the layer's grid; soft borders mix what is pasted with what is there.
        target: The picture to paste into.
        place: Mask whose middle says where; the pasted box is moved inside the picture where it stands out.
        scale: Size of what is pasted, 1 for as it was copied.
        halo: How many cells around must stay as they are; they count half as much.

    Raises:
        RegionError: A mask is empty, or what is pasted is larger than the picture.
        ValueRangeError: The scale is not between 1/8 and 8.
    """
    if not 1 / 8 <= scale <= 8:
        raise ValueRangeError(f"What is pasted is scaled by 1/8 to 8, got {scale:g}.")
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
            f"What is pasted has {alpha.shape[1]} × {alpha.shape[0]} cells, the layer {columns} × {rows}.",
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
    return Goal(target, wanted, with_halo(weight, halo))


def erase_goal(
    memory: LayerMemory,
    reading: Reading,
    place: Float[Tensor, "height width"],
    units: Sequence[int],
    *,
    halo: int = HALO,
) -> Goal:
    """What the layer would put out if some units of its keys were silent at a place.

    Args:
        memory: The layer.
        reading: Of the picture.
        place: Where, on the grid of the values.
        units: Channels of the keys, counted from 0; `loudest_units` finds those of a context.
        halo: How many cells around must stay as they are; they count half as much.
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
    return Goal(reading, wanted, with_halo(place, halo))


def kept_goal(reading: Reading, place: Float[Tensor, "height width"]) -> Goal:
    """A place that must stay as it is."""
    return Goal(reading, reading.values[0], place)


def loudest_units(
    keys: Float[Tensor, "key input"], weights: Float[Tensor, "key"], moment: Tensor, count: int
) -> list[int]:
    """The units whose mean square over a context is highest, in their usual mean square.

    Raises:
        ValueRangeError: There are not as many units.
    """
    if not 1 <= count <= keys.shape[1]:
        raise ValueRangeError(f"The keys of this layer have {keys.shape[1]} units, {count} were asked for.")
    level = weights.double() @ keys.double().square() / weights.double().sum()
    usual = moment.diagonal().clamp_min(1e-30)
    return [int(unit) for unit in (level / usual).topk(count).indices]


def with_halo(weight: Float[Tensor, "height width"], cells: int) -> Float[Tensor, "height width"]:
    """Weights with a rim of half the weight around, `cells` wide."""
    if not cells:
        return weight
    size = 2 * cells + 1
    grown = functional.max_pool2d(weight[None, None], size, stride=1, padding=cells)[0, 0]
    return torch.maximum(weight, 0.5 * grown)


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
