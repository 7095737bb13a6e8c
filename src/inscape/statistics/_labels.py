"""Label maps made ready for counting: read in chunks, and what is present in each picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics._base import array

_CHUNK_BYTES = 1 << 23


class LabelMaps:
    """Vocabulary indices of all pictures: a tensor, an array, or something that reads pictures from disk.

    Attributes:
        shape: Pictures, planes, rows, columns.
        vocabulary_size: The concepts and 0, which means none.
    """

    def __init__(self, labels: Any, vocabulary_size: int) -> None:
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
    """What is held of all label maps.

    A kind is a pair of plane and label that occurs anywhere; within a picture it has one mask.

    Attributes:
        kinds: Plane and label of every kind, as two arrays sorted by plane.
        present: Which kinds each picture shows.
        sample: The mask of each of these kinds on the sample of the label pixels, eight pixels a byte.
        sample_pixels: How many pixels the sample has in a picture.
        vocabulary_size: The concepts and 0.
        labelled: Pixels by label in pictures 0, 2, 4, ... and in pictures 1, 3, 5, ...; index 0 is left 0.
        labelled_sample: The same on the sample.
    """

    kinds: tuple[NDArray[np.intp], NDArray[np.intp]]
    present: Bool[np.ndarray, "picture kind"]
    sample: list[NDArray[np.uint8]]
    sample_pixels: int
    vocabulary_size: int
    labelled: Int[np.ndarray, "half concept"]
    labelled_sample: Int[np.ndarray, "half concept"]

    def shown(
        self, picture: int, marks: Int[np.ndarray, "plane pixel"]
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The kinds that a picture shows, and for each its mask `[kind, pixel]` in the picture's labels."""
        kinds = np.flatnonzero(self.present[picture])
        return kinds, _masks(marks, self.kinds[0][kinds], self.kinds[1][kinds])

    def shown_in_sample(self, picture: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The kinds that a picture shows, and for each its mask `[kind, pixel]` on the sample."""
        masks = np.unpackbits(self.sample[picture], axis=1, count=self.sample_pixels)
        return np.flatnonzero(self.present[picture]), masks.view(bool)

    def by_concept(self, counts: NDArray[Any]) -> NDArray[Any]:
        """Counts by kind, the first axis, added up by vocabulary index."""
        total = np.zeros((self.vocabulary_size, *counts.shape[1:]), dtype=counts.dtype)
        planes, labels = self.kinds
        for plane in np.unique(planes):
            total[labels[planes == plane]] += counts[planes == plane]
        return total


def _masks(
    marks: Int[np.ndarray, "plane pixel"], planes: NDArray[np.intp], labels: NDArray[np.intp]
) -> NDArray[np.bool_]:
    masks: NDArray[np.bool_] = marks[planes] == labels[:, None].astype(np.uint8)
    return masks


def index_labels(maps: LabelMaps, strides: tuple[int, int]) -> LabelIndex:
    """Look once through all label maps.

    Args:
        maps: The label maps.
        strides: Every how many rows and columns the sample takes one.
    """
    pictures, planes = maps.shape[:2]
    counts = np.zeros((pictures, planes * 256), dtype=np.int32)
    counts_sample = np.zeros_like(counts)
    samples = []
    offset = np.arange(planes)[:, None] * 256
    pixels = len(range(0, maps.size[0], strides[0])) * len(range(0, maps.size[1], strides[1]))
    for first, marks in maps.chunks():
        for number, whole in enumerate(marks, first):
            some = whole[:, :: strides[0], :: strides[1]].reshape(planes, -1)
            for target, source in ((counts, whole.reshape(planes, -1)), (counts_sample, some)):
                target[number] = np.bincount((source + offset).ravel(), minlength=planes * 256)
            counts[number, ::256] = 0
            kinds = np.flatnonzero(counts[number])
            samples.append(np.packbits(_masks(some, kinds // 256, kinds % 256), axis=1))
    counts_sample[:, ::256] = 0
    known = np.flatnonzero(counts.any(axis=0))
    labelled = [
        [part[half::2].sum(axis=0, dtype=np.int64).reshape(planes, 256).sum(axis=0) for half in (0, 1)]
        for part in (counts, counts_sample)
    ]
    size = maps.vocabulary_size
    return LabelIndex(
        (known // 256, known % 256),
        counts[:, known] > 0,
        samples,
        pixels,
        size,
        np.stack(labelled[0])[:, :size],
        np.stack(labelled[1])[:, :size],
    )


def binary_product(
    left: Bool[np.ndarray, "row inner"], right: Bool[np.ndarray, "inner column"]
) -> NDArray[np.int32]:
    """How many places are true on both sides; the inner axis is shorter than 2^24."""
    a, b = torch.from_numpy(left.view(np.int8)), torch.from_numpy(right.view(np.int8))
    if hasattr(torch, "_int_mm"):
        product: NDArray[np.int32] = torch._int_mm(a, b).numpy()
        return product
    exact: NDArray[np.int32] = torch.matmul(a.float(), b.float()).to(torch.int32).numpy()
    return exact
