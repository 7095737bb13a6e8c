"""Work side by side on the cores of a CPU, each piece on a core of its own.

Cores that work on a piece each wait for one another once a piece. Cores that share every convolution do so
hundreds of times, and beside other work on the machine that was ten times slower.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
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


def in_order(
    pool: ThreadPoolExecutor | None, function: Callable[[T], R], items: Iterable[T], *, ahead: int
) -> Iterator[tuple[T, R]]:
    """Each item and its result, in the order of the items; at most `ahead` results are held or under way.

    Without a pool everything is done in the caller's thread.
    """
    if pool is None:
        for item in items:
            yield item, function(item)
        return
    waiting: deque[tuple[T, Future[R]]] = deque()
    for item in items:
        waiting.append((item, pool.submit(function, item)))
        if len(waiting) >= ahead:
            first, future = waiting.popleft()
            yield first, future.result()
    for first, future in waiting:
        yield first, future.result()
