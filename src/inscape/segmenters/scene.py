"""The segmenter of a shipped world: a U-Net trained on its scenes.

Its features are the mean activations of every level on the way down: what colours, edges, textures and
things a picture holds, wherever they are. Fréchet distances in them say how far two sets of pictures are
apart for this network; they are not comparable with distances in any other network's features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.errors import FormatError
from inscape.models.architectures.unet import UNet
from inscape.segmenters.planes import Planes
from inscape.segmenters.segmenter import check_images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jaxtyping import Float, UInt8
    from torch import Tensor

    from inscape.concepts import Vocabulary
    from inscape.models.model import Model

_PIXELS_AT_ONCE = 64 * 64 * 64


class SceneSegmenter:
    """A U-Net that labels the pictures of a world.

    Pictures of another size than it was trained at are resized to that size for the network, and its
    logits are resized back: label maps always have the resolution of the pictures that came in. Parts are
    trusted only inside their owner (`Planes.decide`). Work is done in small batches, so that memory does
    not grow with the number of pictures.

    Args:
        model: An opened U-Net whose card has its vocabulary and size.

    Raises:
        FormatError: The model is no such U-Net, or its heads do not fit its vocabulary.
    """

    def __init__(self, model: Model) -> None:
        if not isinstance(model.module, UNet) or model.card.image_size is None:
            raise FormatError(
                f"{model.name!r} is not a scene segmenter: its card says {model.card.architecture!r}, "
                "a 'unet' with an image size was expected."
            )
        self.name = model.name
        self.vocabulary: Vocabulary = model.card.vocabulary
        self.image_size: int = model.card.image_size
        self._planes = Planes(self.vocabulary)
        if self._planes.heads != model.module.config.heads:
            raise FormatError(
                f"The heads {list(model.module.config.heads)} of {model.name!r} do not fit the vocabulary "
                f"on its card, which needs {list(self._planes.heads)}."
            )
        model.module.eval()
        self._network: UNet = model.module.fold().channels_last().requires_grad_(False)

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return next(self._network.parameters()).device

    @property
    def network(self) -> UNet:
        """The bare network, normalization folded in: what a segmentation costs at the least."""
        return self._network

    @torch.inference_mode()
    def segment(self, images: Float[Tensor, "b 3 h w"]) -> UInt8[Tensor, "b plane h w"]:
        """One concept per pixel and plane, at the pictures' own resolution.

        Args:
            images: RGB in [-1, 1], of any size and on any device.

        Returns:
            Label maps, on the device of the pictures.

        Raises:
            ShapeError: They are not pictures.
        """
        check_images(images)
        labels = torch.empty(
            len(images), len(self._planes.names), *images.shape[2:], dtype=torch.uint8, device=images.device
        )
        for part in self._parts(images):
            labels[part] = self._planes.decide(self._logits(images[part])).to(images.device)
        return labels

    @torch.inference_mode()
    def probabilities(
        self, images: Float[Tensor, "b 3 h w"], plane: str = "object"
    ) -> Float[Tensor, "b value h w"]:
        """How likely every concept of a plane is at every pixel.

        Args:
            images: RGB in [-1, 1].
            plane: One of the vocabulary.

        Returns:
            Shares that sum to 1; index 0 is "none", then the concepts in the order of
            `vocabulary.in_plane(plane)`.

        Raises:
            ShapeError: They are not pictures.
            ConceptError: There is no such plane.
        """
        check_images(images)
        number = self._planes.number(plane)
        shares = [
            self._logits(images[part]).split(self._planes.heads, 1)[number].softmax(1).to(images.device)
            for part in self._parts(images)
        ]
        return (
            torch.cat(shares)
            if shares
            else images.new_zeros(0, self._planes.heads[number], *images.shape[2:])
        )

    def probability(self, images: Float[Tensor, "b 3 h w"], concept: str) -> Float[Tensor, "b h w"]:
        """How likely a concept is at every pixel, 0 to 1; gradients flow to the pictures.

        Args:
            images: RGB in [-1, 1], of any size; few at a time, for all are run at once.
            concept: A name of the vocabulary.

        Raises:
            ShapeError: They are not pictures.
            ConceptError: There is no such concept.
        """
        check_images(images)
        return self._planes.probability(self._logits(images), concept).to(images.device)

    @torch.inference_mode()
    def features(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b dims"]:
        """Mean activations of every level on the way down: float32, 360 numbers for the shipped network.

        Args:
            images: RGB in [-1, 1].

        Raises:
            ShapeError: They are not pictures.
        """
        check_images(images)
        dims = sum(self._network.config.channels)
        features = torch.empty(len(images), dims, device=images.device)
        for part in self._parts(images):
            levels = self.levels(images[part])
            features[part] = torch.cat([level.mean((2, 3)) for level in levels], 1).to(images.device)
        return features

    def levels(self, images: Float[Tensor, "b 3 h w"]) -> list[Float[Tensor, "b c _ _"]]:
        """What each level sees on the way down, full resolution first; gradients flow to the pictures.

        Args:
            images: RGB in [-1, 1], of any size; few at a time, for all are run at once.

        Raises:
            ShapeError: They are not pictures.
        """
        check_images(images)
        return self._network.encode(self._fitted(images))

    def _parts(self, images: Tensor) -> Iterator[slice]:
        largest = max(images.shape[2] * images.shape[3], self.image_size**2)
        count = max(1, _PIXELS_AT_ONCE // largest)
        return (slice(start, start + count) for start in range(0, len(images), count))

    def _fitted(self, images: Tensor) -> Tensor:
        size = (self.image_size, self.image_size)
        images = images.to(self.device, torch.float32)
        if images.shape[2:] != size:
            images = functional.interpolate(
                images, size, mode="bilinear", align_corners=False, antialias=True
            )
        return images.contiguous(memory_format=torch.channels_last)

    def _logits(self, images: Tensor) -> Tensor:
        logits: Tensor = self._network(self._fitted(images))
        if logits.shape[2:] != images.shape[2:]:
            logits = functional.interpolate(logits, images.shape[2:], mode="bilinear", align_corners=False)
        return logits
