"""Work that other processes are given by tests."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from inscape.errors import ConceptError, MissingExtraError


@dataclass(frozen=True)
class Square:
    """Squares numbers, and says which process did and with how many threads."""

    side_by_side: bool = True

    def __call__(self, piece: int) -> tuple[int, int, int]:
        return piece * piece, os.getpid(), torch.get_num_threads()


@dataclass(frozen=True)
class Logged:
    """Notes every piece that is begun, and waits a little: long enough to be killed in."""

    folder: Path
    side_by_side: bool = False

    def __call__(self, piece: int) -> int:
        with (self.folder / f"{piece}-{os.getpid()}-{time.monotonic_ns()}").open("w"):
            time.sleep(0.2)
        return piece * piece


@dataclass(frozen=True)
class Deadly:
    """Kills its process at one piece: the first time only, or always."""

    marker: Path
    always: bool = False
    side_by_side: bool = False

    def __call__(self, piece: int) -> int:
        if piece == 3 and (self.always or not self.marker.exists()):
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return piece * piece


@dataclass(frozen=True)
class Failing:
    side_by_side: bool = False

    def __call__(self, piece: int) -> int:
        if piece:
            raise MissingExtraError("ray", "ray")
        raise ConceptError("There is no concept 'dor'.", "Did you mean 'door'?")


class Odd(Exception):
    """An error that pickles and cannot be made again from that."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


@dataclass(frozen=True)
class Unsendable:
    """At piece 2, a result or an error that cannot travel between processes."""

    at: str
    side_by_side: bool = False

    def __call__(self, piece: int) -> object:
        if piece < 2:
            return piece
        if self.at == "error":
            raise Odd("too odd", "to travel")
        return lambda: piece
