"""Activations in blocks of units, with what is held bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inscape.errors import ValueRangeError
from inscape.statistics._base import array
from inscape.statistics._grid import Border
from inscape.types import Array


class Stored(Protocol):
    """An array on disk, of which some pictures or some units are read at a time."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Pictures, units or planes, rows, columns."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its numbers."""

    def rows(self, first: int, count: int) -> Array:
        """Some pictures, `[count, ...]`."""

    def units(self, first: int, count: int, pictures: Sequence[int] | None = None) -> Array:
        """Some units of all pictures, or of some in the order asked for, `[picture, count, row, column]`."""


class RawMaps:
    """Raw activations of all pictures: a tensor, an array, a memory map or one on disk (`Stored`).

    Attributes:
        shape: Pictures, units, rows, columns.
        border: What lies beyond the border of a map where it is up-sampled.
    """

    def __init__(self, activations: Tensor | Array | Stored, border: Border = "repeat") -> None:
        self.border: Border = border
        self._read = getattr(activations, "units", None)
        self._held = None if self._read else array(activations)
        self.shape: tuple[int, ...] = tuple(activations.shape if self._held is None else self._held.shape)

    def block(self, units: slice) -> Float[np.ndarray, "unit picture row column"]:
        """Some units in memory, in float64 if they came so, otherwise in float32."""
        if self._held is not None:
            part = self._held[:, units]
        else:
            assert self._read is not None
            part = self._read(units.start, units.stop - units.start)
        return exact_block(part.transpose(1, 0, 2, 3))

    def part(self, pictures: Sequence[int], units: slice) -> Float[np.ndarray, "picture unit row column"]:
        """Some units of some pictures, in the same precision; not searched for what is not a number."""
        if self._held is not None:
            part = self._held[list(pictures), units]
        else:
            assert self._read is not None
            part = self._read(units.start, units.stop - units.start, pictures)
        return np.ascontiguousarray(part, dtype=_exact(part))


def exact_block(maps: Array) -> Float[np.ndarray, "unit picture row column"]:
    """A contiguous copy of some maps in memory, in float64 if they are, otherwise in float32.

    Raises:
        ValueRangeError: A value is not a finite number.
    """
    block = np.ascontiguousarray(maps, dtype=_exact(maps))
    if block.size and not np.isfinite(block.min() + block.max()):
        raise ValueRangeError("Activations are finite numbers, got NaN or infinity.")
    return block


def _exact(maps: Array) -> type[np.float32 | np.float64]:
    return np.float64 if maps.dtype == np.float64 else np.float32


def blocks_of(units: int, size: int) -> list[slice]:
    """All units in blocks of at most `size`, at least one per worker."""
    step = max(1, min(size, -(-units // workers())))
    return [slice(start, min(start + step, units)) for start in range(0, units, step)]


def workers() -> int:
    """As many as torch would use: `torch.set_num_threads` sets both."""
    return max(1, torch.get_num_threads())
