"""Work side by side on the cores of a CPU, each piece on a core of its own.

Cores that work on a piece each wait for one another once a piece. Cores that share every convolution do so
hundreds of times, and beside other work on the machine that was ten times slower.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def core_each(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that compute with torch on one core each; the caller's own setting is put back afterwards.

    What waits when the block is left is dropped, and what runs is waited for.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)


@contextmanager
def side_by_side(function: Callable[[T], R], items: Sequence[T], *, cores: int) -> Iterator[Iterator[R]]:
    """The results in the order of the items; each item is worked on by a core of its own.

    Example:
        >>> with side_by_side(draw, batches, cores=torch.get_num_threads()) as pictures:
        ...     for batch, some in zip(batches, pictures, strict=True):

    Few more results than there are cores are held or under way. With one core, or one item, everything is
    done in the caller's thread, with as many cores as torch takes.
    """
    if cores == 1 or len(items) < 2:
        yield map(function, items)
        return
    with core_each(min(cores, len(items))) as pool:
        yield in_order(pool, function, items, ahead=cores + 1)


def in_order(
    pool: ThreadPoolExecutor, function: Callable[[T], R], items: Sequence[T], *, ahead: int
) -> Iterator[R]:
    """The results of a pool in the order of the items, of which `ahead` at most are under way."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
