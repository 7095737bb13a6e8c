"""A U-Net that gives every pixel one concept per label plane (Ronneberger et al., MICCAI 2015).

Small on purpose: a dissection runs it once per picture, so its bare forward pass is what a dissection
costs. Normalization is by batch (Ioffe & Szegedy, ICML 2015) because it can be folded into the
convolutions once training is over; `UNet.fold` does. What a level saw on the way down is added to what
comes up rather than laid beside it (Chaurasia and Culurciello, LinkNet, 2017), which halves the widest
convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from inscape.errors import FormatError, ShapeError
from inscape.models.architectures._batch_norm import fold
from inscape.models.architectures.architecture import Architecture, Sizes

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class UNetConfig(Sizes):
    """The shape of a U-Net.

    Args:
        heads: For each label plane, how many values a pixel can have there: its concepts and "none".
        channels: Units of each level, from full resolution down; every level halves the picture.
    """

    named = "the configuration of a U-Net"

    heads: tuple[int, ...]
    channels: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what is no network, or far too large."""
        widths = self.heads + self.channels
        if not self.heads or not self.channels or min(widths) < 1 or max(widths) > 4096:
            raise FormatError("A U-Net has at least one head and one level, each of 1 to 4096 channels.")

    @property
    def multiple(self) -> int:
        """Height and width of a picture are multiples of this."""
        return int(2 ** (len(self.channels) - 1))


class ConvolutionBlock(nn.Module):
    """A convolution, normalization by batch, and ReLU.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        size: Width of the kernel, odd.
    """

    def __init__(self, inputs: int, outputs: int, size: int = 3) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
        self.norm: nn.BatchNorm2d | nn.Identity = nn.BatchNorm2d(outputs)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Apply the three."""
        return functional.relu(self.norm(self.convolution(features)), inplace=True)

    def fold(self) -> None:
        """Take the normalization into the convolution's weight and bias; outputs stay the same."""
        norm = self.norm
        if isinstance(norm, nn.Identity):
            return
        fold(self.convolution, norm)
        self.norm = nn.Identity()


class UNet(nn.Module):
    """Down through the levels, up again with what each level had seen, one head per label plane.

    Args:
        config: Its shape.
        seed: What the first weights are drawn from; the global random state is left alone.
    """

    def __init__(self, config: UNetConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):  # layers draw weights of their own before ours replace them
            self._build(config.channels)
        self._draw_weights(seed)

    def _build(self, channels: tuple[int, ...]) -> None:
        self.down = nn.ModuleList(
            nn.Sequential(ConvolutionBlock(before, width), ConvolutionBlock(width, width))
            for before, width in zip((3, *channels), channels, strict=False)
        )
        self.narrow = nn.ModuleList(
            ConvolutionBlock(below, width, size=1) for width, below in pairwise(channels)
        )
        self.up = nn.ModuleList(
            nn.Sequential(ConvolutionBlock(width, width), ConvolutionBlock(width, width))
            for width in channels[:-1]
        )
        self.head = nn.Conv2d(channels[0], sum(self.config.heads), 1)

    @torch.no_grad()
    def _draw_weights(self, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_in = module.weight[0].numel()
                gain = 1.0 if module is self.head else 2.0
                drawn = torch.randn(module.weight.shape, generator=random)
                module.weight.copy_(drawn * (gain / fan_in) ** 0.5)
                if module.bias is not None:
                    module.bias.zero_()

    def fold(self) -> UNet:
        """Take every normalization into its convolution, for inference; changes the network in place."""
        for module in self.modules():
            if isinstance(module, ConvolutionBlock):
                module.fold()
        return self

    def channels_last(self) -> UNet:
        """Lay the convolutions' weights out with channels innermost, which a CPU computes fastest."""
        for parameter in self.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        return self

    def encode(self, images: Float[Tensor, "b 3 h w"]) -> list[Float[Tensor, "b c _ _"]]:
        """What each level sees on the way down, full resolution first.

        Args:
            images: RGB in [-1, 1].

        Raises:
            ShapeError: Height or width is not a multiple of `config.multiple`.
        """
        multiple = self.config.multiple
        if (
            images.ndim != 4
            or images.shape[1] != 3
            or images.shape[2] % multiple
            or images.shape[3] % multiple
        ):
            raise ShapeError(
                f"The network takes pictures [batch, 3, height, width] with sides that are multiples of "
                f"{multiple}, got {list(images.shape)}."
            )
        levels = []
        features = images
        for number, block in enumerate(self.down):
            features = block(functional.max_pool2d(features, 2) if number else features)
            levels.append(features)
        return levels

    def decode(self, levels: list[Float[Tensor, "b c _ _"]]) -> Float[Tensor, "b value h w"]:
        """From what `encode` gave to the logits of every head, one after another."""
        features = levels[-1]
        for level in reversed(range(len(levels) - 1)):
            narrowed = self.narrow[level](features)
            above = functional.interpolate(narrowed, scale_factor=2, mode="bilinear", align_corners=False)
            features = self.up[level](levels[level] + above)
        logits: Tensor = self.head(features)
        return logits

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b value h w"]:
        """Logits of every head, one after another, at the pictures' resolution.

        Args:
            images: RGB in [-1, 1]; sides are multiples of `config.multiple`.

        Raises:
            ShapeError: They are not.
        """
        return self.decode(self.encode(images))

    def split(self, logits: Float[Tensor, "b value h w"]) -> tuple[Tensor, ...]:
        """The logits of each label plane; index 0 of each is "none"."""
        return tuple(logits.split(self.config.heads, dim=1))


ARCHITECTURE = Architecture("U-Net", UNetConfig, UNet)
