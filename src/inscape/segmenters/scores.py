"""How well label maps agree: intersection over union of every concept, and how large concepts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import ShapeError

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.concepts import Vocabulary


class LabelScores:
    """Streaming agreement of two labellings of the same pictures.

    Args:
        vocabulary: What both are written in.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        values = len(vocabulary)
        self._both, self._first, self._second = (np.zeros(values, np.int64) for _ in range(3))
        self._areas: list[NDArray[np.int64]] = []
        self.count = 0

    def add(self, labels: UInt8[Tensor, "b plane h w"], truth: UInt8[Tensor, "b plane h w"]) -> None:
        """Take in label maps of a batch and what is held to be right.

        Raises:
            ShapeError: Their shapes differ.
        """
        if labels.shape != truth.shape or labels.ndim != 4:
            raise ShapeError(
                f"Two label maps of one shape are compared, got {labels.shape} and {truth.shape}."
            )
        first, second = labels.cpu().numpy(), truth.cpu().numpy()
        values = len(self.vocabulary)
        self._first += np.bincount(first.ravel(), minlength=values)
        self._second += np.bincount(second.ravel(), minlength=values)
        self._both += np.bincount(first[first == second], minlength=values)
        self._areas.extend(np.bincount(one.ravel(), minlength=values) for one in second)
        self.count += len(first)

    def iou(self) -> dict[str, float]:
        """Intersection over union of every concept that either labelling holds, over all pixels."""
        union = self._first + self._second - self._both
        return {
            name: float(self._both[number] / union[number])
            for number, name in enumerate(self.vocabulary.names, start=1)
            if union[number]
        }

    def recall(self) -> dict[str, float]:
        """Of each concept's true pixels, the fraction found."""
        return {
            name: float(self._both[number] / self._second[number])
            for number, name in enumerate(self.vocabulary.names, start=1)
            if self._second[number]
        }

    def median_area(self) -> dict[str, float]:
        """Pixels of each concept in the pictures that hold it, by the truth: the median."""
        areas = np.array(self._areas).reshape(-1, len(self.vocabulary))
        return {
            name: float(np.median(column[column > 0]))
            for name, column in zip(self.vocabulary.names, areas.T[1:], strict=True)
            if column.any()
        }

    def mean(self, plane: str) -> float:
        """The mean IoU over the concepts of a plane that occur; NaN where none does."""
        scores = self.iou()
        found = [scores[name] for name in self.vocabulary.in_plane(plane) if name in scores]
        return float(np.mean(found)) if found else float("nan")
