"""EfficientNet-Lite (Tan and Le, ICML 2019; the Lite variant, Liu 2020): inverted residual blocks with ReLU6.

The Lite variants leave out squeeze-and-excitation, use ReLU6 for swish, and keep the width of the stem and of
the head. Convolutions pad as TensorFlow does ("same": an odd padding puts the larger part below and to the
right), because the published weights were trained so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from inscape.errors import ValueRangeError
from inscape.models.architectures._batch_norm import fold
from inscape.models.architectures.architecture import Architecture, Sizes

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

_EPSILON = 1e-3
_STEM, _HEAD = 32, 1280
_STAGES = (
    # blocks, kernel, stride, expansion, outputs
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Lite0 (table 1 of the paper, B0)."""


@dataclass(frozen=True)
class EfficientNetLiteConfig(Sizes):
    """The size of an EfficientNet-Lite0.

    Attributes:
        classes: Number of outputs.
    """

    named = "the configuration of an EfficientNet-Lite0"

    classes: int


class Convolution(nn.Module):
    """A convolution with "same" padding, normalization by batch and, unless linear, ReLU6.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        kernel: Width of the kernel, odd.
        stride: 1 or 2.
        depthwise: Whether every channel has a filter of its own.
        linear: Whether the rectifier is left out.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        depthwise: bool = False,
        linear: bool = False,
    ) -> None:
        super().__init__()
        groups = inputs if depthwise else 1
        padding = kernel // 2 if stride == 1 else 0  # for steps of two it depends on the side
        self.convolution = nn.Conv2d(
            inputs, outputs, kernel, stride, padding=padding, groups=groups, bias=False
        )
        self.norm: nn.BatchNorm2d | nn.Identity = nn.BatchNorm2d(outputs, eps=_EPSILON)
        self.kernel, self.stride, self.linear = kernel, stride, linear

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d _ _"]:
        """Apply the three."""
        if self.stride > 1:
            (top, bottom), (left, right) = (self._padding(side) for side in x.shape[2:])
            x = functional.pad(x, (left, right, top, bottom))
        y = self.convolution(x)
        y = self.norm(y)
        return y if self.linear else functional.relu6(y, inplace=True)

    def _padding(self, side: int) -> tuple[int, int]:
        """What "same" padding adds before and after a side."""
        outputs = -(-side // self.stride)
        total = max((outputs - 1) * self.stride + self.kernel - side, 0)
        return total // 2, total - total // 2

    def fold(self) -> None:
        """Take the normalization into the convolution; outputs stay the same."""
        if isinstance(self.norm, nn.BatchNorm2d):
            fold(self.convolution, self.norm)
            self.norm = nn.Identity()


class Block(nn.Module):
    """An inverted residual block: expand, filter each channel, project; added to its input where sizes allow.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        kernel: Width of the depthwise kernel.
        stride: 1 or 2.
        expansion: How many times as many channels there are inside.
    """

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inside = inputs * expansion
        self.expand = Convolution(inputs, inside) if expansion > 1 else None
        self.filter = Convolution(inside, inside, kernel, stride=stride, depthwise=True)
        self.project = Convolution(inside, outputs, linear=True)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d _ _"]:
        """Apply the block."""
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.filter(y))
        result: Tensor = x + y if self.residual else y
        return result


class EfficientNetLite(nn.Module):
    """The classifier: a stem, 16 blocks, a head, the mean over all positions, and a linear layer.

    Args:
        config: Its size.
    """

    def __init__(self, config: EfficientNetLiteConfig | None = None) -> None:
        super().__init__()
        self.config = config or EfficientNetLiteConfig(1000)
        self.stem = Convolution(3, _STEM, 3, stride=2)
        self.blocks = nn.ModuleList()
        self.strides: list[int] = []
        """By how much the output of each block is smaller than the picture."""
        width, total = _STEM, 2
        for count, kernel, stride, expansion, outputs in _STAGES:
            for number in range(count):
                step = stride if number == 0 else 1
                total *= step
                block = Block(width, outputs, kernel=kernel, stride=step, expansion=expansion)
                self.blocks.append(block)
                self.strides.append(total)
                width = outputs
        self.head = Convolution(width, _HEAD)
        self.classify = nn.Linear(_HEAD, self.config.classes)

    def fold(self) -> EfficientNetLite:
        """Take every normalization into its convolution, for inference; changes the network in place."""
        for module in self.modules():
            if isinstance(module, Convolution):
                module.fold()
        return self

    def block_outputs(
        self, images: Float[Tensor, "b 3 h w"], blocks: Sequence[int]
    ) -> list[Float[Tensor, "b c _ _"]]:
        """The outputs of some blocks; nothing above the last of them is computed.

        Args:
            images: RGB in [-1, 1], of any size.
            blocks: Their numbers, from 0, ascending.

        Raises:
            ValueRangeError: There is no such block.
        """
        if not blocks or list(blocks) != sorted(set(blocks)) or not 0 <= blocks[-1] < len(self.blocks):
            raise ValueRangeError(
                f"The blocks of this network are 0 to {len(self.blocks) - 1}, in ascending order, got "
                f"{list(blocks)}."
            )
        x = self.stem(_scaled(images))
        found = []
        for number, block in enumerate(self.blocks[: blocks[-1] + 1]):
            x = block(x)
            if number in blocks:
                found.append(x)
        return found

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        """Logits of pictures.

        Args:
            images: RGB in [-1, 1], of any size; it was trained at 224 pixels.
        """
        x = self.stem(_scaled(images))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.classify(self.head(x).mean((2, 3)))
        return logits


def _scaled(images: Tensor) -> Tensor:
    """From [-1, 1] to what the weights were trained on, (x - 127) / 128 of x in 0 to 255."""
    return images * (127.5 / 128) + 0.5 / 128


ARCHITECTURE = Architecture("EfficientNet-Lite", EfficientNetLiteConfig, EfficientNetLite)
