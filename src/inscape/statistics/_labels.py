"""Label maps made ready for counting: read some at a time, and where in the pictures each label is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray
from torch import Tensor

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics._base import array
from inscape.statistics._blocks import Stored
from inscape.types import Array

_CHUNK_BYTES = 1 << 23
_PICTURES_AT_ONCE = 16


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
            if int(marks.max(initial=0)) >= self.vocabulary_size:
                raise ValueRangeError(f"Labels lie below {self.vocabulary_size}, got {int(marks.max())}.")
            yield first, marks

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

    A kind is a pair of plane and label that occurs anywhere; within a picture it has one mask. The first half
    of the pictures is 0, 2, 4, ... and the second 1, 3, 5, ...; of the first, only a sample of the label
    pixels is looked at.

    Attributes:
        kinds: Plane and label of every kind, as two arrays sorted by plane.
        vocabulary_size: The concepts and 0.
        strides: Every how many rows and columns the sample takes one.
        labelled: Pixels by label in all pictures; index 0 is left 0.
        sums: By half, in how many of its pictures each pixel shows each kind: the pixels of the sample in the
            first half, all of them in the second.
    """

    kinds: tuple[NDArray[np.intp], NDArray[np.intp]]
    vocabulary_size: int
    strides: tuple[int, int]
    labelled: Int[np.ndarray, "concept"]
    sums: tuple[Int[np.ndarray, "kind sampled_pixel"], Int[np.ndarray, "kind pixel"]]

    def sample(self, marks: Int[np.ndarray, "picture plane row column"]) -> NDArray[np.uint8]:
        """The sample of the label pixels, `[picture, plane, pixel]`."""
        return _sample(marks, self.strides)

    def masks(self, marks: Int[np.ndarray, "picture plane pixel"]) -> Bool[np.ndarray, "kind picture pixel"]:
        """Where some pictures show each kind."""
        return _masks(self.kinds, marks)

    def shown(self, marks: Int[np.ndarray, "picture plane row column"]) -> NDArray[np.uint8]:
        """Where the sample of some pictures shows each kind, `[picture and pixel, kind]`."""
        return by_place(self.masks(self.sample(marks)).view(np.uint8))

    def masks_around(
        self, marks: Int[np.ndarray, "picture plane row column"], strides: tuple[int, int]
    ) -> Int[np.ndarray, "kind picture sampled_pixel"]:
        """How many pixels around every so manieth row and column show each kind."""
        masks = self.masks(marks.reshape(*marks.shape[:2], -1)).view(np.uint8)
        sums = _around(masks.reshape(*masks.shape[:2], *marks.shape[2:]), strides[0], 2)
        return np.ascontiguousarray(_around(sums, strides[1], 3)).reshape(*masks.shape[:2], -1)

    def combinations(
        self, marks: Int[np.ndarray, "picture plane row column"]
    ) -> tuple[Int[np.ndarray, "place"], Bool[np.ndarray, "kind combination"]]:
        """The combination of labels at every place of some pictures, as a number, and the kinds in each.

        Places have few combinations, so that hot pixels are counted once and not once for every plane.
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
        planes, names = self.kinds
        return numbers, labels[planes] == names[:, None]

    def of_half(self, half: int) -> Int[np.ndarray, "concept"]:
        """Labelled pixels by label, among those that are looked at in a half."""
        return self.by_concept(self.sums[half].sum(axis=1, dtype=np.int64))

    def by_concept(self, counts: Array) -> Array:
        """Counts by kind, the first axis, added up by vocabulary index."""
        total = np.zeros((self.vocabulary_size, *counts.shape[1:]), dtype=counts.dtype)
        planes, labels = self.kinds
        for plane in np.unique(planes):
            total[labels[planes == plane]] += counts[planes == plane]
        return total


def index_labels(maps: LabelMaps, strides: tuple[int, int]) -> LabelIndex:
    """Look twice through all label maps: for the kinds that there are, and for where they are.

    Args:
        maps: The label maps.
        strides: Every how many rows and columns the sample takes one.

    Raises:
        ValueRangeError: A label outside the vocabulary.
    """
    planes = maps.shape[1]
    counts = np.zeros((planes, 256), dtype=np.int64)
    for _, marks in maps.chunks():
        for plane in range(planes):
            counts[plane] += np.bincount(marks[:, plane].reshape(-1), minlength=256)
    counts[:, 0] = 0
    found = np.nonzero(counts)
    kinds = found[0], found[1]
    labelled = counts.sum(axis=0)[: maps.vocabulary_size]
    sums = _sums(maps, kinds, 0, strides), _sums(maps, kinds, 1, (1, 1))
    return LabelIndex(kinds, maps.vocabulary_size, strides, labelled, sums)


def _sums(
    maps: LabelMaps, kinds: tuple[NDArray[np.intp], NDArray[np.intp]], half: int, strides: tuple[int, int]
) -> Int[np.ndarray, "kind pixel"]:
    """In how many pictures of a half each pixel shows each kind, on every so many rows and columns."""
    numbers = range(half, maps.shape[0], 2)
    total = np.zeros((len(kinds[0]), np.empty(maps.size)[:: strides[0], :: strides[1]].size), dtype=np.int64)
    for start in range(0, len(numbers), _PICTURES_AT_ONCE):
        marks = _sample(maps.pictures(numbers[start : start + _PICTURES_AT_ONCE]), strides)
        total += _masks(kinds, marks).view(np.uint8).sum(axis=1, dtype=np.uint8)
    return total


def _sample(
    marks: Int[np.ndarray, "picture plane row column"], strides: tuple[int, int]
) -> NDArray[np.uint8]:
    some: NDArray[np.uint8] = marks[:, :, :: strides[0], :: strides[1]]
    return some.reshape(*marks.shape[:2], -1)


def _masks(
    kinds: tuple[NDArray[np.intp], NDArray[np.intp]], marks: Int[np.ndarray, "picture plane pixel"]
) -> Bool[np.ndarray, "kind picture pixel"]:
    masks = np.empty((len(kinds[0]), marks.shape[0], marks.shape[2]), dtype=bool)
    for mask, plane, label in zip(masks, *kinds, strict=True):
        np.equal(marks[:, plane], np.uint8(label), out=mask)
    return masks


def by_place(masks: Int[np.ndarray, "kind picture pixel"]) -> NDArray[np.uint8]:
    """Masks with the kinds last, `[picture and pixel, kind]`."""
    return np.ascontiguousarray(masks.reshape(len(masks), -1).T)


def _around(
    masks: NDArray[np.uint8], stride: int, axis: int
) -> Int[np.ndarray, "kind picture sampled_row sampled_column"]:
    """Along one axis, the sums around every so manieth place; together they hold everything once."""
    rows = np.moveaxis(masks, axis, 0)
    places = -(-len(rows) // stride)
    sums = np.zeros((places, *rows.shape[1:]), dtype=np.uint8)
    for off in range(-(stride // 2), stride - stride // 2):
        part = rows[off % stride :: stride]
        into = sums[1 if off < 0 else 0 :]
        into[: len(part)] += part[: len(into)]
        sums[-1] += part[len(into) :].sum(axis=0, dtype=np.uint8)  # beyond the last place
    return np.moveaxis(sums, 0, axis)
