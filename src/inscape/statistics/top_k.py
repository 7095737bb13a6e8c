"""The pictures in which each unit is most active."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from inscape.errors import ShapeError
from inscape.statistics._base import Statistic, Values, array, same_size, unit_rows
from inscape.types import Array


class TopK(Statistic):
    """The `k` pictures with the highest value by unit, highest first; equal values go by lower id.

    Example:
        >>> top = TopK(units=128, k=12)
        >>> top.add(activations, ids=seeds)   # maps count by their highest position
        >>> top.ids[unit], top.values[unit]

    Attributes:
        values: Descending; as many columns as pictures, at most `k`.
        ids: The pictures they came from.
        count: Pictures added.
    """

    def __init__(self, units: int, k: int) -> None:
        if k < 1:
            raise ShapeError(f"Expected to keep one picture or more, got k={k}.")
        self.k = k
        self.values: Float[np.ndarray, "unit rank"] = np.empty((units, 0), dtype=np.float32)
        self.ids: Int[np.ndarray, "unit rank"] = np.empty((units, 0), dtype=np.int64)
        self.count = 0

    def add(self, values: Values, ids: Values | None = None) -> None:
        """Add pictures.

        Args:
            values: `[picture, unit]`, or `[picture, unit, row, column]`, whose spatial maximum counts.
            ids: One whole number per picture; counted on from 0 unless given.
        """
        data = array(values)
        if data.ndim == 4:
            data = data.max(axis=(2, 3))
        rows = unit_rows(data, len(self.values)).astype(np.float32)
        names = np.arange(self.count, self.count + rows.shape[1]) if ids is None else array(ids)
        if names.shape != (rows.shape[1],):
            raise ShapeError(f"Expected one id for each of {rows.shape[1]} pictures, got {names.shape}.")
        self._keep(rows, np.broadcast_to(names.astype(np.int64), rows.shape))
        self.count += rows.shape[1]

    def merge(self, other: TopK) -> None:
        """Add what another one has gathered from other pictures."""
        same_size("units", len(self.values), len(other.values))
        same_size("k", self.k, other.k)
        self._keep(other.values, other.ids)
        self.count += other.count

    def _keep(self, values: Array, ids: Array) -> None:
        if values.shape[1] > self.k:
            # only what reaches the k-th place can stay; ties at that place are settled by the sort below
            least = np.partition(values, -self.k, axis=1)[:, -self.k, None]
            few = max(self.k, int((values >= least).sum(axis=1).max()))
            best = np.argpartition(-values, few - 1, axis=1)[:, :few]
            values, ids = np.take_along_axis(values, best, 1), np.take_along_axis(ids, best, 1)
        values, ids = np.concatenate([self.values, values], 1), np.concatenate([self.ids, ids], 1)
        order = np.lexsort((ids, -values), axis=1)[:, : self.k]
        self.values, self.ids = np.take_along_axis(values, order, 1), np.take_along_axis(ids, order, 1)

    def state(self) -> dict[str, Tensor]:
        """The complete state as tensors."""
        return {
            "values": torch.from_numpy(self.values.copy()),
            "ids": torch.from_numpy(self.ids.copy()),
            "k_and_count": torch.tensor([self.k, self.count]),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> TopK:
        """The top-k that `state` was taken from."""
        k, count = (int(number) for number in state["k_and_count"])
        top = cls(len(state["values"]), k)
        top.values, top.ids, top.count = state["values"].numpy().copy(), state["ids"].numpy().copy(), count
        return top
