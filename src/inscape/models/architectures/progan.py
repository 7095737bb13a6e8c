"""The generator of ProGAN (Karras et al., "Progressive Growing of GANs", ICLR 2018), grown to one size.

Names, shapes and scales are those of the dissection papers' code (`netdissect/proggan.py`), whose networks
were converted from the originals': blocks `layer1` to `layerN`, two a resolution from 4 pixels on, and one
output layer, `output_64x64`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from inscape.errors import ValueRangeError
from inscape.models.architectures._colours import as_rgb
from inscape.models.architectures._equalized import LEAK
from inscape.models.architectures._sequential import DirectGenerator, DirectSynthesis
from inscape.models.architectures.architecture import Architecture, Sizes

_EPSILON = 1e-8


@dataclass(frozen=True)
class ProGANConfig(Sizes):
    """Sizes of a ProGAN.

    Attributes:
        z_dim: Size of the latent z.
        channels: Units by resolution, from 4 pixels on, each twice the one before.
        colours: Channels of its pictures: 1 (grey), 3, or 4 (with alpha, which is not shown).
    """

    named = "the configuration of a ProGAN"

    z_dim: int
    channels: tuple[int, ...]
    colours: int = 3

    def __post_init__(self) -> None:
        if not self.channels or min(self.z_dim, *self.channels) < 1:
            raise ValueRangeError(
                f"A ProGAN needs at least one layer, and 1 unit or more in each; got {self.channels}."
            )

    @property
    def resolution(self) -> int:
        """Height and width of its pictures."""
        return 2 << len(self.channels)


class ScaledBias(nn.Module):
    """What is left of the equalized learning rate: a constant scale, and the bias `b`."""

    def __init__(self, units: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.b = nn.Parameter(torch.zeros(units))

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, units, height, width]`, the same shape."""
        return torch.addcmul(self.b[None, :, None, None], x, x.new_full((), self.scale))


class Block(nn.Module):
    """Pixel norm, a convolution (after doubling the size, where it does), scale and bias, leaky rectifier.

    Args:
        inputs: Units of the layer below.
        outputs: Its own units.
        size: Height and width of the kernel.
        resolution: Height and width of its output; a kernel of 4 makes 4 pixels of 1.
        doubling: Whether every pixel becomes four first.
        rectified: Whether the leaky rectifier follows; it brings a gain of the square root of 2.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int,
        *,
        resolution: int,
        doubling: bool = False,
        rectified: bool = True,
    ) -> None:
        super().__init__()
        self.units, self.resolution = outputs, resolution
        self.doubling, self.rectified = doubling, rectified
        padding = 3 if resolution == size == 4 else size // 2
        self.conv = nn.Conv2d(inputs, outputs, size, padding=padding, bias=False)
        gain = math.sqrt(2) if rectified else 1.0
        self.wscale = ScaledBias(outputs, gain / (size * math.sqrt(inputs)))

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, height, width]` to `[batch, outputs, ...]`."""
        x = x * (x.square().mean(dim=1, keepdim=True) + _EPSILON).rsqrt()
        if self.doubling:
            x = functional.interpolate(x, scale_factor=2, mode="nearest")
        y = self.wscale(self.conv(x))
        return functional.leaky_relu_(y, LEAK) if self.rectified else y


class ProGANSynthesis(DirectSynthesis):
    """z to pictures; the layers are `layer1`, `layer2`, ..., as the papers count them."""

    def __init__(self, config: ProGANConfig) -> None:
        super().__init__()
        self.layer_paths = {}
        below = config.z_dim
        for level, units in enumerate(config.channels):
            for second in (False, True):
                name = f"layer{2 * level + second + 1}"
                first = level == 0 and not second
                block = Block(
                    below,
                    units,
                    4 if first else 3,
                    resolution=4 << level,
                    doubling=level > 0 and not second,
                )
                setattr(self, name, block)
                self.layer_paths[name] = name
                below = units
        self._output = f"output_{config.resolution}x{config.resolution}"
        output = Block(below, config.colours, 1, resolution=config.resolution, rectified=False)
        setattr(self, self._output, output)

    def finish(self, x: Tensor, w: Tensor) -> Tensor:
        """Run the output layer."""
        return as_rgb(getattr(self, self._output)(x))


class ProGAN(DirectGenerator):
    """The generator; pictures are `[batch, 3, resolution, resolution]`, not clipped."""

    def __init__(self, config: ProGANConfig) -> None:
        super().__init__(config.z_dim, ProGANSynthesis(config))
        self.config = config


ARCHITECTURE = Architecture("ProGAN", ProGANConfig, ProGAN)
