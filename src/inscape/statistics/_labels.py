"""Label maps made ready for counting: what is present in each picture, and where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray

FIELDS = 4  # a picture is cut into 4 by 4 fields
FRACTION = 127  # a field that a label fills counts this much


@dataclass(frozen=True)
class LabelIndex:
    """The label maps of some pictures, pixels row by row.

    Attributes:
        marks: Vocabulary indices.
        present: For each picture the planes and labels that occur, as two arrays sorted by plane.
        labelled: Pixels by label; index 0 is left 0.
        maps: How many pictures carry each label at each pixel.
        fields: The share of each of the 16 fields of each picture that carries a label, 0 to 127.
    """

    marks: Int[np.ndarray, "picture plane pixel"]
    present: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    labelled: Int[np.ndarray, "concept"]
    maps: Int[np.ndarray, "concept pixel"]
    fields: Int[np.ndarray, "concept picture field"]

    @property
    def pixels(self) -> int:
        """Pixels of all pictures."""
        return int(self.marks.shape[0] * self.marks.shape[2])

    def one_hot(self, picture: int) -> NDArray[np.bool_]:
        """A mask `[label, pixel]` for every label present in a picture."""
        return one_hot(self.marks[picture], *self.present[picture])


def one_hot(
    marks: Int[np.ndarray, "plane pixel"], plane: NDArray[np.intp], label: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """A mask `[label, pixel]` for pairs of plane and label."""
    masks: NDArray[np.bool_] = marks[plane] == label[:, None].astype(np.uint8)
    return masks


def present_labels(marks: Int[np.ndarray, "plane pixel"]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs of plane and label that occur in a picture, sorted by plane; 0 is no label."""
    planes = len(marks)
    counts = np.bincount((marks + np.arange(planes)[:, None] * 256).ravel(), minlength=planes * 256)
    counts = counts.reshape(planes, 256)
    counts[:, 0] = 0
    plane, label = np.nonzero(counts)
    return plane, label


def field_masks(rows: int, columns: int) -> NDArray[np.bool_]:
    """A mask `[field, pixel]` for each of the 16 fields."""
    row, column = (np.arange(length) * FIELDS // length for length in (rows, columns))
    field = (row[:, None] * FIELDS + column[None]).ravel()
    masks: NDArray[np.bool_] = np.arange(FIELDS**2)[:, None] == field
    return masks


def index_labels(marks: Int[np.ndarray, "picture plane row column"], vocabulary_size: int) -> LabelIndex:
    """Look once through some label maps."""
    pictures, planes, height, width = marks.shape
    flat = np.ascontiguousarray(marks).reshape(pictures, planes, height * width)
    maps = np.zeros((vocabulary_size, height * width), dtype=np.int64)
    fields = np.zeros((vocabulary_size, pictures, FIELDS**2), dtype=np.int64)
    areas = field_masks(height, width)
    present = []
    for picture, labels in enumerate(flat):
        plane, label = present_labels(labels)
        masks = one_hot(labels, plane, label)
        in_fields = binary_product(masks, areas.T)
        for part in plane_slices(plane):
            maps[label[part]] += masks[part]
            fields[label[part], picture] += in_fields[part]
        present.append((plane, label))
    shares = np.round(np.minimum(fields / np.maximum(areas.sum(axis=1), 1), 1) * FRACTION).astype(np.int8)
    return LabelIndex(flat, present, maps.sum(axis=1), maps, shares)


def plane_slices(plane: NDArray[np.intp]) -> list[slice]:
    """The runs of equal planes; within one plane no label comes twice."""
    edges = [0, *(np.flatnonzero(plane[1:] != plane[:-1]) + 1).tolist(), len(plane)]
    return [slice(a, b) for a, b in pairwise(edges) if b > a]


def binary_product(
    left: Int[np.ndarray, "row inner"], right: Int[np.ndarray, "inner column"]
) -> NDArray[np.int32]:
    """The exact matrix product of small whole numbers in eight bits (signed, or truth values)."""
    a, b = torch.from_numpy(left.view(np.int8)), torch.from_numpy(right.view(np.int8))
    if hasattr(torch, "_int_mm"):
        product: NDArray[np.int32] = torch._int_mm(a, b).numpy()
        return product
    exact: NDArray[np.int32] = np.matmul(left.astype(np.float64), right.astype(np.float64)).astype(np.int32)
    return exact
