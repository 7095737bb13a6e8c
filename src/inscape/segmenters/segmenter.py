"""What a segmenter is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from inscape.errors import ShapeError

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor

    from inscape.concepts import Vocabulary


class Labeller(Protocol):
    """Turns pictures into label maps."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The concepts of its label maps."""
        ...

    def segment(self, images: Float[Tensor, "b 3 h w"]) -> UInt8[Tensor, "b plane h w"]:
        """One concept per pixel and plane, at the pictures' own resolution.

        Args:
            images: RGB in [-1, 1].
        """
        ...


class Segmenter(Labeller, Protocol):
    """Turns pictures into label maps, and into the features that distances are taken in."""

    name: str

    def features(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b dims"]:
        """Numbers in which pictures can be compared.

        Args:
            images: RGB in [-1, 1].
        """
        ...


@runtime_checkable
class Probing(Segmenter, Protocol):
    """A segmenter that gradients flow through."""

    def probability(self, images: Float[Tensor, "b 3 h w"], concept: str) -> Float[Tensor, "b h w"]:
        """How likely a concept is at every pixel, 0 to 1; gradients flow to the pictures.

        Args:
            images: RGB in [-1, 1]; few at a time, for all are run at once.
            concept: A name of the vocabulary.

        Raises:
            ConceptError: There is no such concept.
        """
        ...


def check_images(images: Tensor) -> None:
    """Pictures are floating-point `[batch, 3, height, width]`.

    Raises:
        ShapeError: They are not.
    """
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
        raise ShapeError(
            f"A segmenter takes pictures [batch, 3, height, width] with RGB in [-1, 1], "
            f"got {images.dtype} {list(images.shape)}."
        )
