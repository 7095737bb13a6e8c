"""The inputs of a rule: pictures, regions in them, and pastes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
import torch

from inscape.editing.rule_settings import ERASED_UNITS
from inscape.errors import UsageError
from inscape.pictures import Latent
from inscape.regions import Region
from inscape.types import JsonObject

Which: TypeAlias = int | Latent
"""A picture of a generator: its seed, or its latent."""
Place: TypeAlias = "tuple[Which, Region]"
"""A picture and a region in it."""


@dataclass(frozen=True)
class Paste:
    """A paste: copy a region of one picture into another.

    Args:
        source: The picture to copy from.
        copied: The region to copy.
        target: The picture to paste into.
        place: The region whose centre is the centre of the paste.
        scale: Factor on the size of the paste, 1/8 to 8.
    """

    source: Which
    copied: Region
    target: Which
    place: Region
    scale: float = 1.0

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "source": which_json(self.source),
            "copied": self.copied.to_json(),
            "target": which_json(self.target),
            "place": self.place.to_json(),
            "scale": self.scale,
        }


@dataclass(frozen=True)
class Erase:
    """Erase: draw a region as if the units that respond to the context were switched off.

    Args:
        target: The picture.
        place: Where in it.
        units: Number of units of the layer's keys, those with the highest activation in the context.
    """

    target: Which
    place: Region
    units: int = ERASED_UNITS

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {"target": which_json(self.target), "place": self.place.to_json(), "units": self.units}


def which_json(which: Which) -> int | JsonObject:
    """A picture as JSON."""
    return which if isinstance(which, int) else which.to_json()


def goals_of(paste: Any) -> list[Paste | Erase]:
    """One goal or several, each as it may be given."""
    one = isinstance(paste, Paste | Erase) or (
        isinstance(paste, tuple) and bool(paste) and not isinstance(paste[0], tuple | list | Paste | Erase)
    )
    goals: list[Paste | Erase] = []
    for each in [paste] if one else list(paste):
        if isinstance(each, Paste | Erase):
            goals.append(each)
            continue
        if not isinstance(each, tuple | list) or not 4 <= len(each) <= 5:
            got = f"{len(each)} of these" if isinstance(each, tuple | list) else repr(each)[:60]
            raise UsageError(f"A goal is a Paste, an Erase, or (source, copied, target, place), got {got}.")
        source, copied, target, place, *scale = each
        goals.append(
            Paste(picture_of(source), region_of(copied), picture_of(target), region_of(place), *scale)
        )
    return goals


def picture_of(value: object) -> int | Latent:
    """A seed or a latent.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(value, Latent):
        return value
    if not isinstance(value, bool) and isinstance(value, Integral):
        return int(value)
    raise UsageError(f"A picture is named by its seed or given as its latent, got {_shown(value)}.")


def region_of(value: object) -> Region:
    """A region; an array `[height, width]` of weights from 0 to 1 over the whole picture is one too.

    Raises:
        UsageError: It is neither.
        RegionError: The array is not a mask.
    """
    if isinstance(value, Region):
        return value
    if isinstance(value, np.ndarray | torch.Tensor):
        return Region.from_mask(np.asarray(value, np.float32))
    raise UsageError(f"A region comes from inscape.box or is a mask [height, width], got {_shown(value)}.")


def places_of(values: object) -> list[tuple[int | Latent, Region]]:
    """Pictures and regions in them.

    Raises:
        UsageError: One is not a pair of these.
    """
    places = []
    for value in values if isinstance(values, Sequence) else [values]:
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise UsageError(f"A place is a picture and a region in it, (seed, region), got {_shown(value)}.")
        places.append((picture_of(value[0]), region_of(value[1])))
    return places


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
