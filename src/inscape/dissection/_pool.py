"""The pictures that sets of units are optimised on: which show a concept, and where it usually is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import NDArray

from inscape.dissection._kept import filled
from inscape.dissection._values import cell_fractions
from inscape.dissection.variants import BATCH, Series
from inscape.parallel import pieces_of
from inscape.progress import SilentProgress

if TYPE_CHECKING:
    from inscape.dissection._kept import KeptArrays
    from inscape.segmenters import Segmenter

_GRID = 8


@dataclass(frozen=True)
class Pool:
    """Pictures and their label maps.

    Attributes:
        numbers: Of the pictures in their source.
        labels: uint8 `[picture, plane, height, width]`.
        grid: Rows and columns of cells; 8 x 8, or fewer where label maps are smaller.
        cells: The share of each cell that each concept covers.
    """

    numbers: range
    labels: UInt8[np.ndarray, "picture plane height width"]
    grid: tuple[int, int]
    cells: Float[np.ndarray, "concept picture cell"]

    def showing(self, concept: int, most: int) -> list[int]:
        """The pictures, counted from 0, that show most of a concept (its vocabulary index)."""
        areas = self.cells[concept - 1].mean(axis=1)
        order = np.argsort(-areas, kind="stable")[:most]
        return [int(picture) for picture in order if areas[picture] > 0]

    def places(self, concept: int) -> Float[np.ndarray, "picture cell"]:
        """How likely each cell is drawn to put a concept into, by picture.

        As in the code of GAN Dissection: by how much of it the cell holds over all pictures, and a tenth more
        for all cells alike. A cell that shows the concept already is not drawn.
        """
        here = self.cells[concept - 1]
        usual = here.mean(axis=0)
        weights = (usual + 0.1 * usual.mean())[None] * (here == 0)
        total = weights.sum(axis=1, keepdims=True)
        likely: NDArray[np.float32] = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
        return likely


@dataclass(frozen=True)
class _Labels:
    """The label maps of a batch of pictures."""

    series: Series
    reader: Segmenter
    side_by_side: bool = False

    def __call__(self, numbers: range) -> UInt8[np.ndarray, "picture plane height width"]:
        return np.asarray(self.reader.segment(self.series.variants(numbers).draw()).cpu().numpy())


def pool_of(series: Series, kept: KeptArrays) -> Pool:
    """Label the pictures of a series, or read what a stopped run has labelled.

    Raises:
        CancelledError: The person cancelled; what is done is kept.
    """
    reader, numbers = series.reader, series.numbers
    work = _Labels(replace(series, segmenter=None, progress=None, executor=None), reader)
    progress = series.progress or SilentProgress()
    with progress.task("Looking for concepts", len(numbers), "pictures") as task:
        labels = filled(kept, "labels", pieces_of(numbers, BATCH), work, series.executor, task)
    size = min(_GRID, labels.shape[2]), min(_GRID, labels.shape[3])
    return Pool(numbers, labels, size, cell_fractions(labels, size, len(reader.vocabulary)))
