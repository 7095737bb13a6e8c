"""Quantiles of every unit from a stream that is too long to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics._base import Statistic, Values, array, same_size, unit_rows
from inscape.types import Array


class Quantiles(Statistic):
    """A mergeable sketch of the distribution of every unit, after Karnin, Lang and Liberty (2016).

    Values of weight `2^level` wait in a buffer per level. A full buffer is sorted, and every other value
    moves up with twice the weight: the odd or the even ones, which is drawn at random, and in the next
    compaction of that level the others, which cancels most of the error. With the default capacity the rank
    is within 0.1 % of the exact one at every quantile; with fewer samples than the capacity, and at the
    extremes, it is exact.

    Example:
        >>> sketch = Quantiles(units=128)
        >>> sketch.add(activations)           # [sample, unit] or [picture, unit, row, column]
        >>> sketch.quantiles([0.5, 0.99])     # [unit, 2]

    Attributes:
        count: Samples per unit; every position of a map is one.
        minimum: Exact, by unit.
        maximum: Exact, by unit.
    """

    def __init__(self, units: int, *, capacity: int = 4096, seed: int = 0) -> None:
        """Start empty.

        Args:
            units: How many.
            capacity: Values kept per unit and level, even; memory is about `4 * units * capacity * levels`
                bytes.
            seed: Of the random halves; the same data in the same order give the same sketch.
        """
        if capacity < 2 or capacity % 2:
            raise ShapeError(f"The capacity is an even number from 2 on, got {capacity}.")
        self.units, self.capacity, self.seed = units, capacity, seed
        self.count = 0
        self.minimum: Float[np.ndarray, "unit"] = np.full(units, np.inf, dtype=np.float32)
        self.maximum: Float[np.ndarray, "unit"] = np.full(units, -np.inf, dtype=np.float32)
        self._levels: list[NDArray[np.float32]] = [np.empty((units, 0), dtype=np.float32)]
        self._compactions = [0]

    def add(self, values: Values) -> None:
        """Add samples `[sample, unit]` or `[picture, unit, row, column]`, kept in float32."""
        rows = unit_rows(values, self.units).astype(np.float32)
        if not rows.shape[1]:
            return
        self.minimum = np.minimum(self.minimum, rows.min(axis=1))
        self.maximum = np.maximum(self.maximum, rows.max(axis=1))
        for start in range(0, rows.shape[1], self.capacity):
            part = rows[:, start : start + self.capacity]
            self._levels[0] = np.concatenate([self._levels[0], part], axis=1)
            self._compact()
        self.count += rows.shape[1]

    def merge(self, other: Quantiles) -> None:
        """Add what another one has gathered from other data."""
        same_size("units", self.units, other.units)
        same_size("capacity", self.capacity, other.capacity)
        self.minimum = np.minimum(self.minimum, other.minimum)
        self.maximum = np.maximum(self.maximum, other.maximum)
        for level, values in enumerate(other._levels):
            self._grow(level)
            self._levels[level] = np.concatenate([self._levels[level], values], axis=1)
        self._compact()
        self.count += other.count

    def _grow(self, level: int) -> None:
        if level == len(self._levels):
            self._levels.append(np.empty((self.units, 0), dtype=np.float32))
            self._compactions.append(0)

    def _compact(self) -> None:
        """Move values up until no level holds `capacity` values or more."""
        level = 0
        while level < len(self._levels):
            values = self._levels[level]
            even = values.shape[1] - values.shape[1] % 2
            if values.shape[1] >= self.capacity:
                self._grow(level + 1)
                pairs = np.sort(values[:, :even], axis=1).reshape(self.units, -1, 2)
                half = self._half(level)
                moved = np.take_along_axis(pairs, half[:, None, None], axis=2)[:, :, 0]
                self._levels[level] = values[:, even:]
                self._levels[level + 1] = np.concatenate([self._levels[level + 1], moved], axis=1)
            level += 1

    def _half(self, level: int) -> NDArray[np.intp]:
        """Which of each pair of neighbours moves up, by unit: drawn, and next time the other one."""
        number = self._compactions[level]
        self._compactions[level] += 1
        drawn = np.random.default_rng([self.seed, level, number // 2]).integers(0, 2, self.units)
        return drawn ^ (number & 1)

    def quantiles(self, fractions: float | Sequence[float] | Array) -> Float[np.ndarray, "unit fraction"]:
        """The least value that at least this fraction of the samples do not exceed.

        Args:
            fractions: One or several numbers in [0, 1]; 0 gives the minimum, 1 the maximum.

        Raises:
            ValueRangeError: Nothing was added, or a fraction lies outside [0, 1].
        """
        wanted = np.atleast_1d(np.asarray(fractions, dtype=np.float64))
        if not self.count or wanted.min() < 0 or wanted.max() > 1:
            raise ValueRangeError(
                f"Expected samples and fractions in [0, 1], got {self.count} and {fractions}."
            )
        values, reached = self._sorted()
        targets = np.clip(np.ceil(wanted * self.count - 1e-9), 1, self.count)
        places = np.stack([(reached < target).sum(axis=1) for target in targets], axis=1)
        found = np.take_along_axis(values, np.minimum(places, values.shape[1] - 1), axis=1)
        found = np.where(wanted == 0, self.minimum[:, None], found)
        return np.where(wanted == 1, self.maximum[:, None], found)

    def ranks(self, values: Values) -> Float[np.ndarray, "unit value"]:
        """The fraction of the samples of each unit that do not exceed a value, in [0, 1].

        Args:
            values: By unit, or `[unit, value]`.
        """
        asked = array(values).astype(np.float32).reshape(self.units, -1)
        known, reached = self._sorted()
        padded = np.concatenate([np.zeros((self.units, 1), dtype=reached.dtype), reached], axis=1)
        below = np.stack([(known <= column[:, None]).sum(axis=1) for column in asked.T], axis=1)
        shares: NDArray[np.float64] = np.take_along_axis(padded, below, axis=1) / max(self.count, 1)
        shares = np.where(asked >= self.maximum[:, None], 1.0, shares)
        return np.where(asked < self.minimum[:, None], 0.0, shares)

    def _sorted(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """All values in order, and the samples that they and those before stand for."""
        weights = np.repeat(2 ** np.arange(len(self._levels)), [part.shape[1] for part in self._levels])
        values = np.concatenate(self._levels, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        return np.take_along_axis(values, order, axis=1), np.cumsum(weights[order], axis=1)

    def state(self) -> dict[str, Tensor]:
        """The complete state as tensors."""
        numbers = [self.units, self.capacity, self.seed, self.count]
        state = {f"level{level}": torch.from_numpy(part.copy()) for level, part in enumerate(self._levels)}
        return state | {
            "units_capacity_seed_count": torch.tensor(numbers),
            "compactions": torch.tensor(self._compactions),
            "minimum": torch.from_numpy(self.minimum.copy()),
            "maximum": torch.from_numpy(self.maximum.copy()),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Quantiles:
        """The sketch that `state` was taken from."""
        units, capacity, seed, count = (int(number) for number in state["units_capacity_seed_count"])
        sketch = cls(units, capacity=capacity, seed=seed)
        sketch.count = count
        sketch._compactions = [int(number) for number in state["compactions"]]
        sketch._levels = [state[f"level{i}"].numpy().copy() for i in range(len(sketch._compactions))]
        sketch.minimum, sketch.maximum = state["minimum"].numpy().copy(), state["maximum"].numpy().copy()
        return sketch
