"""Label maps made ready for counting: read some at a time, and where in the pictures each label is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics._base import array
from inscape.statistics._blocks import Stored
from inscape.types import Array

_CHUNK_BYTES = 1 << 23
_MARKS_AT_ONCE = 1 << 20


class LabelMaps:
    """Vocabulary indices of all pictures: a tensor, an array, or something that reads pictures from disk.

    Attributes:
        shape: Pictures, planes, rows, columns.
        vocabulary_size: The concepts and 0, which means none.
    """

    def __init__(self, labels: Tensor | Array | Stored, vocabulary_size: int) -> None:
        """Nothing is copied or read yet.

        Args:
            labels: uint8 `[picture, plane, row, column]`, or anything with `shape` and `rows(first, count)`.
            vocabulary_size: `len(vocabulary)`.

        Raises:
            ShapeError: Not uint8 with four axes.
        """
        self._read = getattr(labels, "rows", None)
        self._held = None if self._read else array(labels)
        self.shape: tuple[int, ...] = tuple(labels.shape if self._held is None else self._held.shape)
        self.vocabulary_size = vocabulary_size
        dtype = labels.dtype if self._held is None else self._held.dtype
        if len(self.shape) != 4 or dtype != np.uint8:
            raise ShapeError(f"Label maps are uint8 [picture, plane, row, column], got {dtype} {self.shape}.")

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.shape[2], self.shape[3]

    def chunks(self) -> Iterator[tuple[int, Int[np.ndarray, "picture plane row column"]]]:
        """All pictures in chunks of limited size: the first picture's number, and the maps.

        Raises:
            ValueRangeError: A label outside the vocabulary.
        """
        step = max(1, _CHUNK_BYTES // int(np.prod(self.shape[1:])))
        for first in range(0, self.shape[0], step):
            count = min(step, self.shape[0] - first)
            marks = self._read(first, count) if self._read else self._held[first : first + count]  # type: ignore[index]
            yield first, self.checked(marks)

    def checked(self, marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same maps.

        Raises:
            ValueRangeError: A label outside the vocabulary.
        """
        if int(marks.max(initial=0)) >= self.vocabulary_size:
            raise ValueRangeError(f"Labels lie below {self.vocabulary_size}, got {int(marks.max())}.")
        return marks

    def pictures(self, numbers: Sequence[int]) -> Int[np.ndarray, "picture plane row column"]:
        """The maps of some pictures, in the order asked for."""
        if self._held is not None:
            some: NDArray[np.uint8] = self._held[list(numbers)]
            return some
        assert self._read is not None
        first, span = min(numbers), max(numbers) - min(numbers) + 1
        if span <= 2 * len(numbers):  # every second one: to read all is faster than to read each
            near: NDArray[np.uint8] = self._read(first, span)[np.subtract(numbers, first)]
            return near
        return np.concatenate([self._read(number, 1) for number in numbers])

    def count(self) -> Int[np.ndarray, "concept"]:
        """Pixels by label; index 0 is left 0."""
        counts = np.zeros(self.vocabulary_size, dtype=np.int64)
        for _, marks in self.chunks():
            for some in marks:
                counts += np.bincount(some.ravel(), minlength=len(counts))
        counts[0] = 0
        return counts


@dataclass(frozen=True)
class LabelIndex:
    """What is held of all label maps, however many there are.

    Counts have a column for each label that occurs anywhere. Column 0 is of no label, and holds zeros. The
    first half of the pictures is 0, 2, 4, ... and the second 1, 3, 5, ...; of the first, only a sample of the
    label pixels is looked at.

    Attributes:
        present: The vocabulary index of every column, ascending from 0.
        vocabulary_size: The concepts and 0.
        strides: Every how many rows and columns the sample takes one.
        labelled: Pixels by label in all pictures; index 0 is left 0.
        sums: By half, in how many of its pictures each pixel shows each label: the pixels of the sample in
            the first half, all of them in the second.
    """

    present: Int[np.ndarray, "column"]
    vocabulary_size: int
    strides: tuple[int, int]
    labelled: Int[np.ndarray, "concept"]
    sums: tuple[Int[np.ndarray, "sampled_pixel column"], Int[np.ndarray, "pixel column"]]

    @cached_property
    def column(self) -> Int[np.ndarray, "concept"]:
        """The column of every vocabulary index."""
        columns = np.zeros(self.vocabulary_size, dtype=np.intp)
        columns[self.present] = np.arange(len(self.present))
        return columns

    def sample(self, marks: Int[np.ndarray, "picture plane row column"]) -> NDArray[np.uint8]:
        """The sample of the label pixels, `[picture, plane, pixel]`."""
        return _sample(marks, self.strides)

    def shown(self, marks: Int[np.ndarray, "picture plane row column"]) -> NDArray[np.uint8]:
        """How often the planes show each label on the sample, `[picture and pixel, column]`."""
        some = self.sample(marks)
        pixels = some.shape[2]
        return self._shown(some, np.arange(pixels), pixels)

    def shown_around(
        self, marks: Int[np.ndarray, "picture plane row column"], strides: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """How many pixels around every so manieth row and column show each label; together they are all."""
        rows, columns = (_nearest(*pair) for pair in zip(marks.shape[2:], strides, strict=True))
        pixels = (rows[:, None] * (columns[-1] + 1) + columns).reshape(-1)
        return self._shown(marks.reshape(*marks.shape[:2], -1), pixels, int(pixels[-1]) + 1)

    def _shown(
        self, marks: Int[np.ndarray, "picture plane pixel"], place: Int[np.ndarray, "pixel"], places: int
    ) -> NDArray[np.uint8]:
        """Labels counted into the places that their pixels belong to, of which a picture has `places`."""
        width = len(self.present)
        bins = self.column.take(marks)
        bins += (np.arange(len(marks))[:, None, None] * places + place) * width
        counts = np.bincount(bins.reshape(-1), minlength=len(marks) * places * width)
        shown = counts.reshape(-1, width).astype(np.uint8)
        shown[:, 0] = 0
        return shown

    def combinations(
        self, marks: Int[np.ndarray, "picture plane pixel"]
    ) -> tuple[Int[np.ndarray, "picture pixel"], Float[np.ndarray, "column combination"]]:
        """The combination of labels at every pixel of some pictures, as a number, and the labels in each.

        Pixels have few combinations, so that hot pixels are counted once and not once for every plane.
        """
        numbers = np.zeros(marks[:, 0].size, dtype=np.intp)
        labels = np.zeros((0, 1), dtype=np.intp)  # by plane and combination
        for plane in range(marks.shape[1]):
            joint = numbers * 256 + marks[:, plane].reshape(-1)
            seen = np.flatnonzero(np.bincount(joint, minlength=256 * labels.shape[1]))
            compact = np.zeros(256 * labels.shape[1], dtype=np.intp)
            compact[seen] = np.arange(len(seen))
            numbers, before = compact.take(joint), labels[:, seen >> 8]
            labels = np.concatenate([before, seen[None] & 255])
        shown = (labels[:, None] == self.present[:, None]).sum(axis=0, dtype=np.float32)
        shown[0] = 0
        return numbers.reshape(len(marks), -1), shown

    def of_half(self, half: int) -> Int[np.ndarray, "column"]:
        """Labelled pixels by column, among those that are looked at in a half."""
        labelled: NDArray[np.int64] = self.sums[half].sum(axis=0)
        return labelled

    def usual(
        self, maps: LabelMaps, half: int, group: Int[np.ndarray, "picture"] | None = None
    ) -> Float[np.ndarray, "pixel column"]:
        """The share of pictures of a half that shows each label at each pixel that is looked at there.

        Args:
            maps: The label maps.
            half: 0 or 1.
            group: Only of these pictures, as numbers in the half.
        """
        if group is None:
            usual: NDArray[np.float32] = (self.sums[half] / len(range(half, maps.shape[0], 2))).astype(
                np.float32
            )
            return usual
        taken = self.strides if half == 0 else (1, 1)
        total = _sums(maps, (2 * group + half).tolist(), taken, self.present)
        shares: NDArray[np.float32] = (total / max(1, len(group))).astype(np.float32)
        return shares

    def by_concept(self, table: Float[np.ndarray, "... column"]) -> Float[np.ndarray, "... concept"]:
        """A table with a column for every vocabulary index, of zeros where the label does not occur."""
        whole = np.zeros((*table.shape[:-1], self.vocabulary_size), dtype=table.dtype)
        whole[..., self.present] = table
        return whole


def index_labels(maps: LabelMaps, strides: tuple[int, int]) -> LabelIndex:
    """Look once through all label maps.

    Args:
        maps: The label maps.
        strides: Every how many rows and columns the sample takes one.

    Raises:
        ValueRangeError: A label outside the vocabulary.
    """
    labelled, halves = maps.count(), [range(half, maps.shape[0], 2) for half in range(2)]
    present = np.concatenate([[0], np.flatnonzero(labelled)])
    first, second = (
        _sums(maps, half, taken, present) for half, taken in zip(halves, (strides, (1, 1)), strict=True)
    )
    return LabelIndex(present, maps.vocabulary_size, strides, labelled, (first, second))


def _sums(
    maps: LabelMaps, numbers: Sequence[int], strides: tuple[int, int], present: Int[np.ndarray, "column"]
) -> Int[np.ndarray, "pixel column"]:
    """In how many of some pictures each sampled pixel shows each label that occurs."""
    size = maps.vocabulary_size
    pixels = np.empty(maps.size)[:: strides[0], :: strides[1]].size
    total = np.zeros(pixels * size, dtype=np.int64)
    step = max(1, _MARKS_AT_ONCE // int(np.prod(maps.shape[1:])))
    for start in range(0, len(numbers), step):
        marks = maps.checked(maps.pictures(numbers[start : start + step]))
        bins = np.arange(pixels) * size + _sample(marks, strides)
        total += np.bincount(bins.reshape(-1), minlength=len(total))
    sums = np.ascontiguousarray(total.reshape(pixels, size)[:, present])
    sums[:, 0] = 0
    return sums


def _sample(
    marks: Int[np.ndarray, "picture plane row column"], strides: tuple[int, int]
) -> NDArray[np.uint8]:
    some: NDArray[np.uint8] = marks[:, :, :: strides[0], :: strides[1]]
    return some.reshape(*marks.shape[:2], -1)


def _nearest(length: int, stride: int) -> Int[np.ndarray, "place"]:
    """Which of every so manieth places each place is nearest to."""
    nearest: NDArray[np.intp] = np.minimum(
        (np.arange(length) + stride // 2) // stride, (length - 1) // stride
    )
    return nearest
