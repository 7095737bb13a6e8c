"""Bilinear up-sampling as a grid of cells: which label pixels lie between which four activations.

Half-pixel centres. With the border repeated, the same values as
`torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`. With zeros beyond it, the values
of the code of GAN Dissection's authors.

A map of `h` rows, padded by one row on each side, has `h + 1` gaps between neighbouring rows.
Label row `y` lies at `(y + 0.5) * h / H - 0.5` and so in exactly one gap, at a fraction of the way to the
next row. A cell is one gap in each direction; all its pixels are convex combinations of its four corners.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import ShapeError

Border: TypeAlias = Literal["repeat", "zeros"]
"""What lies beyond the border of a map: its outermost values again, or zeros."""


@dataclass(frozen=True)
class AxisGaps:
    """One direction of the grid.

    Attributes:
        pixels: Label row or column by gap and place in the gap; -1 where the gap holds fewer.
        weights: How far each pixel is on the way to the gap's second row, in [0, 1); the same shape.
        uniform: Whether every gap has the same weights (all scales by a whole number).
    """

    pixels: Int[np.ndarray, "gap place"]
    weights: Float[np.ndarray, "gap place"]
    uniform: bool


@lru_cache(maxsize=64)
def axis_gaps(size: int, label_size: int) -> AxisGaps:
    """The gaps of `size` rows up-sampled to `label_size` rows."""
    if size < 1 or label_size < 1:
        raise ShapeError(f"Maps and labels need at least one row and column, got {size} and {label_size}.")
    places = np.arange(label_size)
    if label_size % size == 0:
        scale = label_size // size
        first = -((scale + 1) // 2)  # gap 0 begins outside the picture
        pixels = first + np.arange(size + 1)[:, None] * scale + np.arange(scale)[None]
        fractions = (first + np.arange(scale) + 0.5) / scale + 0.5
        weights = np.broadcast_to(fractions, pixels.shape)
        return AxisGaps(np.where((pixels >= 0) & (pixels < label_size), pixels, -1), weights, True)
    source = (places + 0.5) * size / label_size - 0.5
    gap = np.floor(source).astype(np.int64) + 1
    fraction = source - np.floor(source)
    starts = np.searchsorted(gap, np.arange(size + 2))
    width = max(1, int(np.diff(starts).max()))
    pixels = np.full((size + 1, width), -1, dtype=np.int64)
    weights = np.zeros((size + 1, width))
    within = places - starts[gap]
    pixels[gap, within] = places
    weights[gap, within] = fraction
    return AxisGaps(pixels, weights, False)


@lru_cache(maxsize=64)
def axis_matrix(size: int, label_size: int, border: Border = "repeat") -> Float[np.ndarray, "label_row row"]:
    """The matrix that up-samples one direction, in float64."""
    gaps = axis_gaps(size, label_size)
    matrix = np.zeros((label_size, size + 2))  # the map in its frame
    gap, place = np.nonzero(gaps.pixels >= 0)
    pixel, weight = gaps.pixels[gap, place], gaps.weights[gap, place]
    matrix[pixel, gap] = 1 - weight
    matrix[pixel, gap + 1] = weight
    if border == "repeat":
        matrix[:, 1] += matrix[:, 0]
        matrix[:, size] += matrix[:, size + 1]
    return np.ascontiguousarray(matrix[:, 1:-1])


def sample_stride(size: int, label_size: int) -> int:
    """Every how many label rows a sample of them is taken: the least from 3 on that visits all phases alike.

    A row's phase is its place between two rows of the map. A stride without a common factor with the scale
    visits all phases equally often.
    """
    scale, stride = max(1, label_size // size), 3
    while math.gcd(scale, stride) > 1:
        stride += 1
    return stride
