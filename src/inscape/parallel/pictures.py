"""Measurements over pictures, piece by piece, with progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import TypeVar

from inscape.parallel.executor import Executor, InProcess, Work
from inscape.progress import Progress, SilentProgress

P = TypeVar("P", bound=Sized)
R = TypeVar("R")


def pieces_of(seeds: range, batch: int) -> list[range]:
    """The seeds in pieces, which never depend on who works on them."""
    return [seeds[start : start + batch] for start in range(0, len(seeds), batch)]


def over_pictures(
    work: Work[P, R],
    pieces: Sequence[P],
    name: str,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[R]:
    """The results of pieces, in their order.

    Args:
        work: What is done with a piece.
        pieces: Whose length is their number of pictures: from `pieces_of`.
        name: Of the task, as a person reads it.
        executor: Who works; this process unless given.
        progress: Reports the pictures done.

    Raises:
        CancelledError: The person cancelled.
    """
    with (progress or SilentProgress()).task(name, sum(map(len, pieces)), "pictures") as task:
        for piece, result in zip(pieces, (executor or InProcess()).map(work, pieces), strict=True):
            yield result
            task.advance(len(piece))
