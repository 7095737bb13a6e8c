"""What people pass to `rewrite`, checked: pictures, regions and masks, places and goals."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch

from inscape.errors import UsageError
from inscape.pictures import Latent
from inscape.regions import Region


def picture_of(value: Any) -> int | Latent:
    """A seed or a latent.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(value, Latent):
        return value
    if not isinstance(value, bool) and isinstance(value, Integral):
        return int(value)
    raise UsageError(f"A picture is named by its seed or given as its latent, got {_shown(value)}.")


def region_of(value: Any) -> Region:
    """A region; an array `[height, width]` of weights from 0 to 1 over the whole picture is one too.

    Raises:
        UsageError: It is neither.
        RegionError: The array is no mask.
    """
    if isinstance(value, Region):
        return value
    if isinstance(value, np.ndarray | torch.Tensor):
        return Region.from_mask(np.asarray(value, np.float32))
    raise UsageError(f"A region is made by inscape.box or is a mask [height, width], got {_shown(value)}.")


def places_of(values: Any) -> list[tuple[int | Latent, Region]]:
    """Pictures and regions in them.

    Raises:
        UsageError: One is no pair of these.
    """
    places = []
    for value in values if isinstance(values, Sequence) else [values]:
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise UsageError(f"A place is a picture and a region in it, (seed, region), got {_shown(value)}.")
        places.append((picture_of(value[0]), region_of(value[1])))
    return places


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
