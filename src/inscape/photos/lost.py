"""What an inversion lost: concepts that a photo shows and its inversion does not.

Both are labelled by one segmenter, in its plane of objects. A place is lost when the label that the photo
has there is nowhere within one pixel of it in the inversion: so borders that moved by a pixel do not count,
things do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import torch
from scipy import ndimage

from inscape import storage
from inscape.errors import ShapeError
from inscape.pictures import Picture, to_tensor
from inscape.reports import Report, data_url, percent
from inscape.reports.arrays import Pixels
from inscape.reports.report import VALUES
from inscape.types import JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame
    from torch import Tensor

    from inscape.segmenters import Segmenter

OBJECTS = "object"
_ARRAYS = ("mask", "labels_photo", "labels_inversion", "target")
_NEAR = (3, 3)
_MARK = np.array((255, 0, 140), np.float32)
_PALE = 0.45
_TINT = 0.6


@dataclass(frozen=True)
class LostConcept:
    """A concept that an inversion lost, and how much of it.

    Args:
        name: Of the concept.
        area_photo: Fraction of the photo, as it was seen, that shows it.
        area_inversion: Fraction of the inversion that shows it.
        lost: Fraction of the picture where the photo shows it and the inversion does not, not even next to
            it.
    """

    name: str
    area_photo: float
    area_inversion: float
    lost: float


@dataclass(frozen=True, eq=False)
class Lost(Report):
    """The concepts that an inversion lost.

    Attributes:
        concepts: Those of which something was lost, the most first.
        mask: Boolean `[size, size]`; where the photo's label is nowhere within one pixel in the inversion.
        labels_photo: Numbers in the segmenter's vocabulary, uint8 `[size, size]`; 0 none.
        labels_inversion: The same of the inversion.
        target: The photo as it was seen, uint8 `[size, size, 3]`.
    """

    kind: ClassVar[str] = "lost"
    beside: ClassVar[frozenset[str]] = frozenset(_ARRAYS)

    concepts: list[LostConcept]
    mask: Pixels = field(repr=False)
    labels_photo: Pixels = field(repr=False)
    labels_inversion: Pixels = field(repr=False)
    target: Pixels = field(repr=False)

    @property
    def share(self) -> float:
        """Fraction of the picture that is lost."""
        return float(self.mask.mean())

    def to_json(self) -> JsonObject:
        """The content of `report.json`, with the share."""
        return {**super().to_json(), "share": self.share}

    def table(self) -> DataFrame:
        """A row per concept, with the columns of `LostConcept`."""
        from pandas import DataFrame

        return DataFrame([asdict(concept) for concept in self.concepts])

    def heading(self) -> str:
        """What it is about."""
        return "What the generator cannot see"

    def facts(self) -> str:
        """The main figures in one line."""
        return f"{percent(self.share)} of the photo is lost"

    def figure(self) -> str:
        """The photo, with what is lost marked."""
        return f'<img src="{data_url("lost.png", Picture(self.picture()).png())}" alt="What is lost">'

    def tensors(self) -> dict[str, Tensor]:
        """The maps and the photo."""
        return {name: torch.from_numpy(getattr(self, name)) for name in _ARRAYS}

    @classmethod
    def read(cls, document: JsonObject, folder: Path) -> Self:
        """The report of a `report.json`, and of the maps beside it."""
        tensors, _ = storage.load_tensors(folder / VALUES)
        return super().read({**document, **{name: tensors[name].numpy() for name in _ARRAYS}}, folder)

    def picture(self) -> NDArray[np.uint8]:
        """The photo as it was seen, pale, with what is lost in its own colours under a red-violet veil.

        Returns:
            uint8 `[size, size, 3]`.
        """
        grey = self.target.astype(np.float32).mean(2, keepdims=True)
        pale = 255 - _PALE * (255 - grey)
        marked = (1 - _TINT) * self.target + _TINT * _MARK
        shown = np.where(self.mask[..., None], marked, pale)
        return np.round(shown).clip(0, 255).astype(np.uint8)


def lost(target: NDArray[np.uint8], picture: NDArray[np.uint8], segmenter: Segmenter) -> Lost:
    """Compare a photo with its inversion, as a segmenter labels them.

    Places to which the segmenter gives no label in the photo are not lost.

    Args:
        target: The photo at the generator's size, uint8 `[size, size, 3]`.
        picture: What it drew.
        segmenter: Labels both; its plane "object" is looked at, or its first where it has none.

    Raises:
        ShapeError: The pictures are of different sizes.
    """
    if target.shape != picture.shape or target.ndim != 3 or target.shape[2] != 3:
        raise ShapeError(
            "A photo and a picture must have the same shape, uint8 [size, size, 3], got "
            f"{list(target.shape)} and {list(picture.shape)}."
        )
    planes = segmenter.vocabulary.planes
    plane = planes.index(OBJECTS) if OBJECTS in planes else 0
    labels = segmenter.segment(to_tensor(np.stack([target, picture])))[:, plane].cpu().numpy()
    seen, drawn = labels[0], labels[1]
    mask = np.zeros(seen.shape, bool)
    concepts = []
    for number in np.unique(seen[seen > 0]):
        shows = seen == number
        missing = shows & ~ndimage.binary_dilation(drawn == number, np.ones(_NEAR, bool))
        if missing.any():
            mask |= missing
            name = segmenter.vocabulary.names[int(number) - 1]
            areas = (float(shows.mean()), float((drawn == number).mean()), float(missing.mean()))
            concepts.append(LostConcept(name, *areas))
    concepts.sort(key=lambda concept: (-concept.lost, concept.name))
    return Lost(concepts, mask, seen, drawn, target)
