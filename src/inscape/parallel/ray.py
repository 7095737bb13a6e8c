"""Work spread over a Ray cluster; the only file that knows Ray."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, TypeVar

import torch

from inscape.errors import MissingExtraError, WorkersError
from inscape.parallel.executor import Work, packed, packed_result, unpacked
from inscape.parallel.processes import TRIES

T = TypeVar("T")
R = TypeVar("R")


class RayCluster(AbstractContextManager["RayCluster"]):
    """Does pieces as tasks of a cluster, which must have Inscape installed; a killed worker's are done again.

    Args:
        address: Such as `ray://head:10001`; the cluster that the environment names, or one on this machine,
            unless given.

    Raises:
        MissingExtraError: Ray is not installed.
        WorkersError: There is no cluster at the address.
    """

    def __init__(self, address: str | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError("ray", "ray") from error
        self._ray = ray
        try:
            ray.init(address, ignore_reinit_error=True, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ImportError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise WorkersError(
                f"There is no Ray cluster at {address or 'this machine'}: {reason}."
            ) from error

    def __exit__(self, *_: object) -> None:
        """Leave the cluster."""
        self._ray.shutdown()

    def map(self, work: Work[T, R], pieces: Sequence[T]) -> Iterator[R]:
        """The results of the pieces, in their order.

        Raises:
            UnsupportedError: The work cannot be sent to other processes.
            WorkersError: Workers ended again and again on the same piece.
        """
        ray, threads = self._ray, 1 if work.side_by_side else torch.get_num_threads()
        nodes = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
        cores = min(threads, max(1, *nodes))
        do = ray.remote(num_cpus=cores, max_retries=TRIES - 1)(_do)
        held = [ray.put(packed(work))]
        waiting: deque[object] = deque()
        for piece in pieces:
            waiting.append(do.remote(held, packed(piece), threads))
            if len(waiting) > 2 * sum(nodes) / cores:
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    def _result(self, task: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return unpacked(self._ray.get(task))
        except errors.RayTaskError as error:
            raise error.cause from None
        except errors.RayError as error:
            raise WorkersError(
                f"Ray lost a piece of the work: {' '.join(str(error).split())[:200]}."
            ) from error


@lru_cache(maxsize=1)
def _fetched(work: Any) -> Any:
    import ray

    return unpacked(ray.get(work))


def _do(work: list[object], piece: bytes, threads: int) -> bytes:
    """The result of a piece; each process fetches the work once, where Ray would pass it with every piece."""
    torch.set_num_threads(threads)
    return packed_result(lambda: _fetched(work[0])(unpacked(piece)))
