"""Executors run the pieces of a measurement. The default runs all of them in this process.

The pieces of a measurement never depend on who does them, each is computed in one way, and results come in
the order of the pieces: so every executor gives the same bits. A piece that may run beside others takes one
core wherever it runs. Any other takes as many threads as it would have taken in the process that asked.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import torch

from inscape.errors import UnsupportedError, WorkersError
from inscape.parallel.cores import core_each, in_order

T = TypeVar("T")
R = TypeVar("R")
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Work(Protocol[T_contra, R_co]):
    """What is done with a piece: a value that can be pickled, and gives a value that can."""

    @property
    def side_by_side(self) -> bool:
        """Whether several threads of a process may do pieces at once, each on one core."""

    def __call__(self, piece: T_contra, /) -> R_co:
        """The result of a piece."""


class Executor(AbstractContextManager["Executor"], Protocol):
    """Does pieces of work; it is open until its block ends."""

    def map(self, work: Work[T, R], pieces: Sequence[T]) -> Iterator[R]:
        """The results of the pieces, in their order.

        Raises:
            UnsupportedError: The work cannot be sent to where it would be done.
            WorkersError: Workers ended again and again.
        """


class InProcess(AbstractContextManager["InProcess"]):
    """Does every piece in this process, each core one of its own where the work allows that."""

    def __exit__(self, *_: object) -> None:
        """There is nothing to close."""

    def map(self, work: Work[T, R], pieces: Sequence[T]) -> Iterator[R]:
        """The results of the pieces, in their order."""
        return done_here(work, pieces, torch.get_num_threads())


def done_here(work: Work[T, R], pieces: Sequence[T], cores: int) -> Iterator[R]:
    """The results of the pieces, in their order, from as many cores at a time."""
    if not work.side_by_side:
        yield from map(work, pieces)
        return
    with core_each(max(1, min(cores, len(pieces)))) as pool:
        yield from in_order(pool, work, pieces, ahead=cores + 1)


def packed(value: object) -> bytes:
    """A value as bytes for another process.

    Raises:
        UnsupportedError: It holds something that belongs to this process.
    """
    try:
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UnsupportedError(
            f"This measurement cannot be sent to other processes: {' '.join(str(error).split())}.",
            "Leave out --workers.",
        ) from error


def packed_result(do: Callable[[], object]) -> bytes:
    """What some work gives, as bytes for the process that asked.

    Raises:
        WorkersError: The result, or what the work raised, cannot be sent.
    """
    try:
        result = do()
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: TID251
        except Exception:  # it would take the pool down, which looks like a lost process
            said = " ".join(str(error).split())[:200]
            raise WorkersError(f"A worker failed: {type(error).__name__}: {said}.") from None
        raise
    try:
        return pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise WorkersError(
            f"The result of a worker cannot be sent back: {' '.join(str(error).split())[:200]}.",
            "Leave out --workers: what other pieces gave is kept where the measurement keeps it.",
        ) from None


def unpacked(data: bytes) -> Any:
    """What `packed` was given; only for bytes that one of our own processes sent."""
    return pickle.loads(data)  # noqa: TID251
