"""A person who stops a run, for tests of what stays and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inscape.errors import CancelledError


class StopsAfter:
    """Progress that is cancelled after some steps, whatever they are of."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[StopsAfter]:
        yield self

    def advance(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise CancelledError
