"""Arrays on disk that a batch a time is written into, and read from without mapping them into memory.

A memory map would count as resident memory page by page; reads into one buffer do not.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape import storage
from inscape.errors import FormatError
from inscape.parallel import InProcess
from inscape.types import Array

if TYPE_CHECKING:
    from inscape.parallel import Executor
    from inscape.parallel.executor import Work
    from inscape.progress import Task

_BLOCK_BYTES = 48 << 20


@dataclass(frozen=True)
class KeptArray:
    """One array `[picture, ...]` in a file of raw numbers.

    Attributes:
        path: The file.
        shape: Of the whole array.
        dtype: Of the numbers.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        """The number of pictures."""
        return self.shape[0]

    @cached_property
    def _row_bytes(self) -> int:
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def write(self, first: int, rows: Array) -> int:
        """Write some pictures; returns their checksum."""
        data = np.ascontiguousarray(rows)
        self.path.touch()
        with self.path.open("r+b") as stream:
            stream.seek(first * self._row_bytes)
            stream.write(_bytes(data))
        return zlib.crc32(_bytes(data))

    def checksum(self, first: int, count: int) -> int:
        """The checksum of some pictures as they are on disk; of fewer where the file ends early."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(first * self._row_bytes)
                return zlib.crc32(stream.read(count * self._row_bytes))
        except OSError:
            return -1

    def rows(self, first: int, count: int) -> Array:
        """Some pictures, `[count, ...]`."""
        return self._read([first * self._row_bytes], (count, *self.shape[1:]))

    def units(self, first: int, count: int, pictures: Sequence[int] | None = None) -> Array:
        """Some units of all pictures, or of some, `[picture, count, ...]`; the second axis is of units."""
        numbers = range(len(self)) if pictures is None else pictures
        row_bytes = self._row_bytes
        unit_bytes = row_bytes // self.shape[1]
        offsets = [int(picture) * row_bytes + first * unit_bytes for picture in numbers]
        return self._read(offsets, (len(numbers), count, *self.shape[2:]))

    def unit_of(self, picture: int, unit: int) -> Array:
        """One unit of one picture, `[...]`."""
        unit_bytes = self._row_bytes // self.shape[1]
        return self._read([picture * self._row_bytes + unit * unit_bytes], self.shape[2:])

    def unit_blocks(self) -> Iterator[tuple[int, Array]]:
        """All units in blocks of limited size: the first unit, and `[picture, units, ...]`."""
        per_unit = len(self) * self._row_bytes // self.shape[1]
        step = max(1, _BLOCK_BYTES // max(1, per_unit))
        for first in range(0, self.shape[1], step):
            yield first, self.units(first, min(step, self.shape[1] - first))

    def _read(self, offsets: list[int], shape: tuple[int, ...]) -> Array:
        array: Array = np.empty(shape, self.dtype)
        parts = _bytes(array)
        size = array.nbytes // max(1, len(offsets))
        with self.path.open("rb", buffering=0) as stream:
            for number, offset in enumerate(offsets):
                stream.seek(offset)
                if stream.readinto(parts[number * size : (number + 1) * size]) != size:
                    raise FormatError(f"{self.path} is cut off.", "Run the dissection again.")
        return array


def _bytes(array: Array) -> memoryview:
    """The bytes of a contiguous array, without a copy."""
    return memoryview(array.reshape(-1).view(np.uint8).data)


class KeptArrays:
    """The arrays of one run, and which batches of pictures they already hold.

    Args:
        folder: Where they are.
        count: Pictures in the whole run.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self._arrays: dict[str, KeptArray] = {}
        self._index = folder / "arrays.json"
        if self._index.is_file():
            for name, (file, shape, dtype) in storage.read_json(self._index).items():
                self._arrays[name] = KeptArray(folder / file, tuple(shape), np.dtype(dtype))

    def __getitem__(self, name: str) -> KeptArray:
        """One array by name."""
        return self._arrays[name]

    def holds(self, number: int, first: int, count: int, names: set[str]) -> bool:
        """Whether a batch is on disk, whole."""
        marker = self._marker(number)
        try:
            sums = json.loads(marker.read_text())
        except (OSError, ValueError):
            return False
        return names == set(sums) == set(self._arrays) and all(
            self._arrays[name].checksum(first, count) == value for name, value in sums.items()
        )

    def write(self, number: int, first: int, batch: dict[str, Array]) -> None:
        """Write a batch; it counts once its marker is there."""
        if set(batch) != set(self._arrays):
            self._create(batch)
        sums = {name: self._arrays[name].write(first, rows) for name, rows in batch.items()}
        storage.write_json(self._marker(number), sums)

    def _create(self, batch: dict[str, Array]) -> None:
        self._arrays = {
            name: KeptArray(self.folder / f"array-{place:03d}.raw", (self.count, *rows.shape[1:]), rows.dtype)
            for place, (name, rows) in enumerate(batch.items())
        }
        index = {name: [kept.path.name, kept.shape, kept.dtype.str] for name, kept in self._arrays.items()}
        storage.write_json(self._index, index)

    def _marker(self, number: int) -> Path:
        return self.folder / f"batch-{number:05d}.json"


def filled(
    kept: KeptArrays,
    name: str,
    pieces: Sequence[range],
    work: Work[range, Array],
    executor: Executor | None,
    task: Task,
) -> Array:
    """One array, of which only the pieces are computed that a stopped run has not kept.

    Args:
        kept: Holds this array alone.
        name: Of the array.
        pieces: Numbers of its rows, one piece behind the other.
        work: Computes the rows of a piece.
        executor: Who works; this process unless given.
        task: Advances by rows, those that were kept included.
    """
    start, missing = pieces[0].start, []
    for number, piece in enumerate(pieces):
        if kept.holds(number, piece.start - start, len(piece), {name}):
            task.advance(len(piece))
        else:
            missing.append((number, piece))
    done = (executor or InProcess()).map(work, [piece for _, piece in missing])
    for (number, piece), rows in zip(missing, done, strict=True):
        kept.write(number, piece.start - start, {name: rows})
        task.advance(len(piece))
    return kept[name].rows(0, kept.count)
