"""Random numbers of our own mapping, so that a seed draws the same scene everywhere.

SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) in integers; a float takes the upper 53 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


def _mixed(state: int) -> int:
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


@lru_cache(maxsize=1024)
def _name_hash(name: str) -> int:
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


class Random:
    """A stream of random numbers that depends on its seed alone.

    Args:
        seed: Any integer.
    """

    def __init__(self, seed: int) -> None:
        self._seed = _mixed((seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D) & _MASK)
        self._state = self._seed

    def stream(self, name: str) -> Random:
        """An independent stream: what is drawn from one never shifts another."""
        return Random(self._seed ^ _name_hash(name))

    def raw(self) -> int:
        """An integer of 64 bits."""
        self._state = (self._state + _STEP) & _MASK
        return _mixed(self._state)

    def unit(self) -> float:
        """A number in [0, 1)."""
        return (self.raw() >> 11) * 1.1102230246251565e-16

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def bell(self, low: float, high: float) -> float:
        """A number in [low, high), more often in the middle."""
        return low + (high - low) * (self.unit() + self.unit()) * 0.5

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self.unit() < probability

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def choice(self, items: Sequence[Item]) -> Item:
        """One of the items, all equally often."""
        return items[int(self.unit() * len(items))]

    def weighted(self, weights: dict[str, float]) -> str:
        """One of the names, as often as their weights say."""
        rest = self.unit() * sum(weights.values())
        for name, weight in weights.items():
            rest -= weight
            if rest < 0:
                return name
        return next(reversed(weights))
