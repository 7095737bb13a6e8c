"""The discriminator of StyleGAN2: residual blocks, minibatch standard deviation, one logit per picture.

Parameter names and scales are those of NVIDIA's stylegan2-ada-pytorch (unconditional, "resnet"), with two
changes. Sizes are halved by 2x2 means before the second convolution instead of a 4x4 filter and a strided
convolution, which took half of a training step on a CPU. Lower blocks may have a from-RGB layer of their
own, which sees the picture shrunk to their size: a discriminator that grows keeps the one it had, and so
keeps what it computes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from inscape.errors import FormatError
from inscape.models.architectures._equalized import GAIN, FullyConnected, compute_dtype, rectify_


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Sizes of a discriminator.

    Attributes:
        resolution: Height and width of the pictures, a power of two from 8.
        channels: Units by resolution, from 4 to `resolution`.
        from_rgb: Resolutions that see the picture; the largest is always among them.
        group: How many pictures share one minibatch standard deviation.
    """

    resolution: int = 64
    channels: dict[int, int] = field(default_factory=lambda: {4: 192, 8: 192, 16: 128, 32: 64, 64: 32})
    from_rgb: tuple[int, ...] = (64,)
    group: int = 4

    @property
    def sizes(self) -> list[int]:
        """Resolutions of the residual blocks, from the largest down to 8."""
        return [2**exponent for exponent in range(int(math.log2(self.resolution)), 2, -1)]

    def to_json(self) -> dict[str, Any]:
        """As JSON; the keys of `channels` become text."""
        channels = {str(size): units for size, units in self.channels.items()}
        return asdict(self) | {"channels": channels, "from_rgb": list(self.from_rgb)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DiscriminatorConfig:
        """Read what `to_json` wrote.

        Raises:
            FormatError: A field is unknown or of the wrong kind.
        """
        try:
            channels = {int(size): int(units) for size, units in value["channels"].items()}
            return cls(**{**value, "channels": channels, "from_rgb": tuple(value["from_rgb"])})
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise FormatError(f"This is not the configuration of a discriminator: {error}.") from error


class Convolution(nn.Module):
    """An equalized convolution, optionally rectified.

    Args:
        inputs: Units of its input.
        outputs: Units of its output.
        size: 1 or 3, height and width of the kernel.
        rectified: Whether bias and leaky rectifier follow; without, there is no bias.
        gain: What the output is multiplied by (where rectified, before the rectifier, which is homogeneous).
    """

    def __init__(
        self, inputs: int, outputs: int, size: int, *, rectified: bool = True, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs)) if rectified else None
        self.bias_gain = gain * (GAIN if rectified else 1.0)
        self.weight_gain = self.bias_gain / math.sqrt(inputs * size * size)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, height, width]` to `[batch, outputs, height, width]`."""
        weight = (self.weight * self.weight_gain).to(x.dtype)
        bias = None if self.bias is None else (self.bias * self.bias_gain).to(x.dtype)
        y = functional.conv2d(x, weight, bias, padding=weight.shape[2] // 2)
        return y if bias is None else rectify_(y)


class ResidualBlock(nn.Module):
    """Two convolutions beside a linear path, half the size after."""

    def __init__(self, units: int, outputs: int, *, sees_picture: bool) -> None:
        super().__init__()
        if sees_picture:
            self.fromrgb = Convolution(3, units, 1)
        self.conv0 = Convolution(units, units, 3)
        self.conv1 = Convolution(units, outputs, 3, gain=math.sqrt(0.5))
        self.skip = Convolution(units, outputs, 1, rectified=False, gain=math.sqrt(0.5))

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, units, height, width]` to `[batch, outputs, height / 2, width / 2]`."""
        inner = functional.avg_pool2d(self.conv0(x), 2)
        return cast(Tensor, self.conv1(inner) + self.skip(functional.avg_pool2d(x, 2)))


def minibatch_deviation(x: Tensor, group: int) -> Tensor:
    """Appends one map: the standard deviation over groups of pictures, averaged over units and pixels.

    Picture `i` shares its group with `i + n`, `i + 2n`, ..., where `n` is the number of groups.

    Args:
        x: `[batch, units, height, width]`.
        group: Pictures in a group; the largest divisor of the batch up to this is taken.
    """
    batch, _, height, width = x.shape
    group = max(size for size in range(1, min(group, batch) + 1) if batch % size == 0)
    y = x.float().reshape(group, -1, *x.shape[1:])
    deviation = (y.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    appended = deviation.repeat(group)[:, None, None, None].expand(batch, 1, height, width)
    return torch.cat([x, appended.to(x.dtype)], dim=1)


class Head(nn.Module):
    """The 4x4 end of the discriminator."""

    def __init__(self, units: int, group: int) -> None:
        super().__init__()
        self.group = group
        self.conv = Convolution(units + 1, units, 3)
        self.fc = FullyConnected(units * 16, units, rectified=True)
        self.out = FullyConnected(units, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, units, 4, 4]` to `[batch]`, float32."""
        x = self.conv(minibatch_deviation(x, self.group))
        return cast(Tensor, self.out(self.fc(x.float().flatten(1)))).squeeze(1)


class Discriminator(nn.Module):
    """Pictures to logits: positive where it takes a picture for real."""

    def __init__(self, config: DiscriminatorConfig | None = None) -> None:
        super().__init__()
        self.config = config or DiscriminatorConfig()
        for size in self.config.sizes:
            seen = size == self.config.resolution or size in self.config.from_rgb
            block = ResidualBlock(
                self.config.channels[size], self.config.channels[size // 2], sees_picture=seen
            )
            setattr(self, f"b{size}", block)
        self.b4 = Head(self.config.channels[4], self.config.group)

    def forward(self, images: Tensor) -> Tensor:
        """`[batch, 3, resolution, resolution]`, RGB in [-1, 1], to logits `[batch]`, float32."""
        dtype = compute_dtype(images.device)
        lowest = min(self.config.from_rgb)
        with torch.autocast(images.device.type, enabled=False):
            picture = images.to(dtype).contiguous(memory_format=torch.channels_last)
            x: Tensor | None = None
            for size in self.config.sizes:
                block = cast(ResidualBlock, getattr(self, f"b{size}"))
                if hasattr(block, "fromrgb"):
                    seen = block.fromrgb(picture)
                    x = seen if x is None else x + seen
                if size > lowest:
                    picture = functional.avg_pool2d(picture, 2)
                assert x is not None
                x = cast(Tensor, block(x))
            return cast(Tensor, self.b4(x))
