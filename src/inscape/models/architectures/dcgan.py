"""The generator of DCGAN (Radford et al., 2016) as PyTorch's example has it.

Transposed convolutions of 4x4, each followed by batch normalization and a rectifier, the last one by tanh.
The first makes 4x4 pixels from the latent, each other one doubles the size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inscape.errors import ValueRangeError
from inscape.models.architectures._colours import as_rgb
from inscape.models.architectures._sequential import DirectGenerator, DirectSynthesis
from inscape.models.architectures.architecture import Architecture, Sizes


@dataclass(frozen=True)
class DCGANConfig(Sizes):
    """Sizes of a DCGAN.

    Attributes:
        z_dim: Size of the latent z.
        channels: Units of its layers: at 4 pixels, 8, and so on; the pictures are twice as large as the last.
        biased: Which convolutions have a bias, the last one with them; PyTorch's example has none.
        colours: Channels of its pictures: 1 (grey), 3, or 4 (with alpha, which is not shown).
    """

    named = "the configuration of a DCGAN"

    z_dim: int
    channels: tuple[int, ...]
    biased: tuple[bool, ...] = ()
    colours: int = 3

    def __post_init__(self) -> None:
        if not self.channels or min(self.z_dim, *self.channels) < 1:
            raise ValueRangeError(
                f"A DCGAN needs at least one layer, and 1 unit or more in each; got {self.channels}."
            )
        if len(self.biased) not in (0, len(self.channels) + 1):
            raise ValueRangeError(
                f"A DCGAN of {len(self.channels)} layers has {len(self.channels) + 1} convolutions, "
                f"got {len(self.biased)} entries of `biased`."
            )

    @property
    def resolution(self) -> int:
        """Height and width of its pictures."""
        return 4 << len(self.channels)

    def has_bias(self, index: int) -> bool:
        """Whether the convolution of that number has a bias."""
        return bool(self.biased) and self.biased[index]


class Block(nn.Module):
    """A transposed convolution, batch normalization, a rectifier."""

    def __init__(self, inputs: int, outputs: int, *, resolution: int, bias: bool) -> None:
        super().__init__()
        self.units, self.resolution = outputs, resolution
        self.conv = _convolution(inputs, outputs, first=resolution == 4, bias=bias)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, height, width]` to `[batch, outputs, ...]`."""
        y: Tensor = self.norm(self.conv(x))
        return y.relu_()


def _convolution(inputs: int, outputs: int, *, first: bool, bias: bool) -> nn.ConvTranspose2d:
    stride, padding = (1, 0) if first else (2, 1)
    return nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=bias)


class DCGANSynthesis(DirectSynthesis):
    """z to pictures; the layers are `layer1`, `layer2`, ..., after their rectifiers."""

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        self.layer_paths = {}
        below = config.z_dim
        for index, units in enumerate(config.channels):
            name = f"layer{index + 1}"
            setattr(self, name, Block(below, units, resolution=4 << index, bias=config.has_bias(index)))
            self.layer_paths[name] = name
            below = units
        bias = config.has_bias(len(config.channels))
        self.output = _convolution(below, config.colours, first=False, bias=bias)

    def finish(self, x: Tensor, w: Tensor) -> Tensor:
        """Run the last convolution and its tanh."""
        return as_rgb(torch.tanh(self.output(x)))


class DCGAN(DirectGenerator):
    """The generator; pictures are `[batch, 3, resolution, resolution]`, in [-1, 1]."""

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__(config.z_dim, DCGANSynthesis(config))
        self.config = config

    @property
    def idle_tensors(self) -> dict[str, str]:
        """Counts of batches, which only training reads; each counts as itself."""
        return {name: name for name in self.state_dict() if name.endswith(".num_batches_tracked")}


ARCHITECTURE = Architecture("DCGAN", DCGANConfig, DCGAN)
