"""What takes the place of an object: what its pixels become, and whether that stood around it before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt8

_SHOWN = 12
_VALUES = 256


@dataclass(frozen=True)
class Replaced:
    """What the pixels that an object left become, counted by vocabulary index.

    Attributes:
        becomes: Pixels by their new label.
        bordering: Those of them whose new label bordered the object that they belonged to.
    """

    becomes: Int[np.ndarray, "256"]
    bordering: Int[np.ndarray, "256"]

    def __add__(self, other: Replaced) -> Replaced:
        """Both together."""
        return Replaced(self.becomes + other.becomes, self.bordering + other.bordering)

    def shares(self, names: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
        """`becomes` and `bordering` as fractions of all pixels that were left, most first.

        Args:
            names: Of the vocabulary, from index 1; index 0 is "none".
        """
        labels, gone = ("none", *names), max(int(self.becomes.sum()), 1)

        def shown(counts: Int[np.ndarray, "256"]) -> dict[str, float]:
            order = np.argsort(-counts, kind="stable")[:_SHOWN]
            return {labels[value]: int(counts[value]) / gone for value in order if counts[value]}

        return shown(self.becomes), shown(self.bordering)


def replaced(
    before: UInt8[np.ndarray, "picture height width"],
    after: UInt8[np.ndarray, "picture height width"],
    concept: int,
) -> Replaced:
    """Count what takes the place of a concept's objects.

    An object is a connected part of the concept, with pixels that touch at a side. A label borders it where
    one of its pixels touches a pixel of the object at a side.

    Args:
        before: One plane of the label maps of unchanged pictures.
        after: The same of the changed ones.
        concept: The concept's vocabulary index.
    """
    from scipy import ndimage

    inside = before == concept
    left = inside & (after != concept)
    becomes = np.bincount(after[left], minlength=_VALUES)
    bordering = np.zeros_like(becomes)
    side = np.zeros((3, 3, 3), dtype=bool)
    side[1] = ndimage.generate_binary_structure(2, 1)  # pictures do not touch
    objects, _ = ndimage.label(inside, side)
    for label in np.flatnonzero(becomes).tolist():
        touched = objects[inside & ndimage.binary_dilation(before == label, side)]
        bordering[label] = np.isin(objects[_became(left, after, label)], np.unique(touched)).sum()
    return Replaced(becomes, bordering)


def _became(
    left: Bool[np.ndarray, "picture height width"],
    after: UInt8[np.ndarray, "picture height width"],
    label: int,
) -> Bool[np.ndarray, "picture height width"]:
    return np.asarray(left & (after == label))
