"""Choose the segmenter of a model: the one asked for, or the one on its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from inscape.errors import UnsupportedError
from inscape.segmenters.registry import open_segmenter, segmenter_names
from inscape.segmenters.segmenter import Labeller, Segmenter

if TYPE_CHECKING:
    from inscape.models import Model

L = TypeVar("L", bound=Labeller)


def fitting_segmenter(model: Model, segmenter: L | str | None = None) -> L | Segmenter:
    """Open the segmenter for a model's pictures.

    Args:
        model: The model.
        segmenter: A segmenter or its name; the one on the model's card unless given.

    Raises:
        UnsupportedError: The card names none.
        ModelNotFoundError: There is none of that name.
    """
    if segmenter is not None and not isinstance(segmenter, str):
        return segmenter
    name = segmenter or model.card.segmenter
    if name is None:
        shipped = ", ".join(segmenter_names())
        raise UnsupportedError(
            f"The card of {model.name!r} names no segmenter that fits its pictures.",
            f"Name one: segmenter=, or --segmenter on the command line ({shipped}, hf:ORG/NAME).",
        )
    return open_segmenter(name, device=model.device)
