"""Work spread over processes of this machine, each with its share of the cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch

from inscape import storage
from inscape.errors import WorkersError
from inscape.parallel.executor import Work, done_here, packed, packed_result, unpacked

T = TypeVar("T")
R = TypeVar("R")
TRIES = 3
"""How often workers may end on the same piece."""


class Processes(AbstractContextManager["Processes"]):
    """Does pieces in processes, which start with the first and end with the block.

    When one of them is killed, all start again: what was not done is done again, and nothing else.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPoolExecutor | None = None

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._end()

    def map(self, work: Work[T, R], pieces: Sequence[T]) -> Iterator[R]:
        """The results of the pieces, in their order.

        Raises:
            UnsupportedError: The work cannot be sent to other processes.
            WorkersError: Processes ended again and again on the same piece.
            StorageError: The work cannot be written where the processes read it.
        """
        at_once = max(1, len(_cores()) // self.count) if work.side_by_side else 1
        groups = [pieces[start : start + at_once] for start in range(0, len(pieces), at_once)]
        with storage.scratch_file(storage.cache_folder() / "work") as path:
            path.write_bytes(packed(work))
            for results in self._results(str(path), groups):
                yield from results

    def _results(self, path: str, groups: Sequence[Sequence[T]]) -> Iterator[list[Any]]:
        waiting: dict[int, Future[bytes]] = {}
        for at in range(len(groups)):
            for attempt in range(TRIES):
                try:
                    for number in range(at, min(at + 2 * self.count, len(groups))):
                        if number not in waiting:
                            waiting[number] = self._open().submit(_do, path, packed(groups[number]))
                    done = waiting[at].result()
                    break
                except BrokenProcessPool as error:
                    self._end()
                    waiting = {number: each for number, each in waiting.items() if _whole(each)}
                    if attempt == TRIES - 1:
                        raise WorkersError(
                            f"A worker process ended {TRIES} times on the same piece of work.",
                            "If memory is short, use fewer workers. A script needs "
                            "`if __name__ == '__main__':`.",
                        ) from error
            del waiting[at]
            yield unpacked(done)

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            arguments = (context.Value("i", 0), self.count, torch.get_num_threads())
            self._pool = ProcessPoolExecutor(self.count, context, _start, arguments)
        return self._pool

    def _end(self) -> None:
        if self._pool is not None:
            workers = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.kill()
            self._pool = None


def _whole(future: Future[bytes]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _start(turn: Any, count: int, threads: int) -> None:
    """Set up a process: the parent is the one that Ctrl-C is for, and none outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with turn.get_lock():
        number = turn.value
        turn.value += 1
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, _cores()[number % count :: count] or _cores())
    torch.set_num_threads(threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@lru_cache(maxsize=1)
def _read(path: str) -> Any:
    return unpacked(Path(path).read_bytes())


def _do(path: str, pieces: bytes) -> bytes:
    return packed_result(lambda: list(done_here(_read(path), unpacked(pieces), len(_cores()))))
