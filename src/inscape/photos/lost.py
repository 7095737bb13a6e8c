"""What the generator cannot see: what a photo shows, and its inversion does not.

Both are labelled by one segmenter, in its plane of objects. A place is lost when the label that the photo
has there is nowhere within one pixel of it in the inversion: so borders that moved by a pixel do not count,
things do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from inscape.errors import ShapeError
from inscape.pictures import to_tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.segmenters import Segmenter

OBJECTS = "object"
_NEAR = (3, 3)
_MARK = np.array((255, 0, 140), np.float32)
_PALE = 0.45
_TINT = 0.6


@dataclass(frozen=True)
class LostConcept:
    """What became of a concept.

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
class Lost:
    """What the generator cannot see of a photo.

    Args:
        concepts: Those of which something was lost, the most first.
        mask: Boolean `[size, size]`; where the photo's label is nowhere within one pixel in the inversion.
        labels_photo: Numbers in the segmenter's vocabulary, uint8 `[size, size]`; 0 none.
        labels_inversion: The same of the inversion.
        target: The photo as it was seen, uint8 `[size, size, 3]`.
    """

    concepts: list[LostConcept]
    mask: NDArray[np.bool_]
    labels_photo: NDArray[np.uint8]
    labels_inversion: NDArray[np.uint8]
    target: NDArray[np.uint8]

    @property
    def share(self) -> float:
        """Fraction of the picture that is lost."""
        return float(self.mask.mean())

    def to_json(self) -> dict[str, Any]:
        """`{share, concepts: [{name, area_photo, area_inversion, lost}]}`."""
        return {"share": self.share, "concepts": [asdict(concept) for concept in self.concepts]}

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
        target: The photo as the generator was asked to draw it, uint8 `[size, size, 3]`.
        picture: What it drew.
        segmenter: Labels both; its plane "object" is looked at, or its first where it has none.

    Raises:
        ShapeError: The pictures are of different sizes.
    """
    if target.shape != picture.shape or target.ndim != 3 or target.shape[2] != 3:
        raise ShapeError(
            "A photo, uint8 [size, size, 3], is compared with a picture of its size, got "
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
