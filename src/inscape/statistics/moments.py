"""Mean and variance of every unit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from inscape.statistics._base import Statistic, Values, same_size, unit_rows


class Moments(Statistic):
    """Mean and variance by unit, in float64, merged as Chan, Golub and LeVeque (1979) do.

    Example:
        >>> moments = Moments(units=128)
        >>> moments.add(activations)          # [sample, unit] or [picture, unit, row, column]
        >>> moments.mean, moments.variance()

    Attributes:
        mean: By unit.
        count: Samples per unit; every position of a map is one.
    """

    def __init__(self, units: int) -> None:
        self.mean: Float[np.ndarray, "unit"] = np.zeros(units)
        self._squares: Float[np.ndarray, "unit"] = np.zeros(units)  # of deviations from the mean
        self.count = 0

    def add(self, values: Values) -> None:
        """Add samples `[sample, unit]` or `[picture, unit, row, column]`."""
        rows = unit_rows(values, len(self.mean)).astype(np.float64)
        if rows.shape[1]:
            mean = rows.mean(axis=1)
            self._combine(mean, np.square(rows - mean[:, None]).sum(axis=1), rows.shape[1])

    def merge(self, other: Moments) -> None:
        """Add what another one has gathered from other data."""
        same_size("units", len(self.mean), len(other.mean))
        self._combine(other.mean, other._squares, other.count)

    def _combine(
        self, mean: Float[np.ndarray, "unit"], squares: Float[np.ndarray, "unit"], count: int
    ) -> None:
        total = max(self.count + count, 1)
        step = mean - self.mean
        self.mean = self.mean + step * (count / total)
        self._squares = self._squares + squares + np.square(step) * (self.count * count / total)
        self.count += count

    def variance(self, *, unbiased: bool = True) -> Float[np.ndarray, "unit"]:
        """Variance by unit; 0 with fewer than two samples.

        Args:
            unbiased: Divide by `count - 1` rather than `count`.
        """
        variance: NDArray[np.float64] = self._squares / max(self.count - unbiased, 1)
        return variance

    def deviation(self) -> Float[np.ndarray, "unit"]:
        """Standard deviation by unit."""
        deviation: NDArray[np.float64] = np.sqrt(self.variance())
        return deviation

    def state(self) -> dict[str, Tensor]:
        """The complete state as tensors."""
        return {
            "mean": torch.from_numpy(self.mean.copy()),
            "squares": torch.from_numpy(self._squares.copy()),
            "count": torch.tensor(self.count),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Moments:
        """The moments that `state` was taken from."""
        moments = cls(len(state["mean"]))
        moments.mean, moments._squares = state["mean"].numpy().copy(), state["squares"].numpy().copy()
        moments.count = int(state["count"])
        return moments
