"""Frozen networks whose features an adversary judges pictures by, opened by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from inscape.errors import UnsupportedError
from inscape.models import open_model
from inscape.models.architectures.efficientnet_lite import EfficientNetLite
from inscape.models.architectures.unet import UNet

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


class Features(nn.Module):
    """The feature maps of a frozen network at some of its blocks; gradients flow to the pictures.

    Args:
        network: An EfficientNet-Lite, or a U-Net, of which the way down is used. Its normalizations are
            folded.
        taps: Numbers of the blocks, or levels, ascending: fine to coarse.
    """

    def __init__(self, network: EfficientNetLite | UNet, taps: Sequence[int]) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False).fold()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.taps = tuple(taps)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> list[Float[Tensor, "b c _ _"]]:
        """One feature map a tap, fine to coarse.

        Args:
            images: RGB in [-1, 1].
        """
        images = images.contiguous(memory_format=torch.channels_last)
        if isinstance(self.network, EfficientNetLite):
            return self.network.block_outputs(images, self.taps)
        levels = self.network.encode(images)
        return [levels[tap] for tap in self.taps]

    @torch.no_grad()
    def shapes(self, size: int) -> list[tuple[int, int]]:
        """Channels of every tap, and its height and width for pictures of a size."""
        weight = next(self.network.parameters())
        return [(tap.shape[1], tap.shape[2]) for tap in self(weight.new_zeros(1, 3, size, size))]


def open_features(name: str, taps: Sequence[int], device: torch.device) -> Features:
    """The feature network of that name.

    Args:
        name: A model that ships, or a folder of one.
        taps: See `Features`.
        device: The device.

    Raises:
        ModelNotFoundError: There is no such model.
        MissingExtraError: The package that carries its weights is not installed.
        UnsupportedError: It is neither an EfficientNet-Lite nor a U-Net.
    """
    model = open_model(name, device=device)
    if not isinstance(model.module, EfficientNetLite | UNet):
        raise UnsupportedError(
            f"The features of an adversary come from an EfficientNet-Lite or a U-Net; {name!r} is "
            f"{model.card.noun} of architecture {model.card.architecture!r}."
        )
    return Features(model.module, taps)
