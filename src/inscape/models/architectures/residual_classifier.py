"""A small residual network that classifies pictures (He et al., CVPR 2016).

A stem halves the picture, stages of residual blocks halve it further, a 1x1 convolution spreads what they
found over many units, and a linear layer reads the classes off the mean of these over all positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from inscape.errors import ValueRangeError
from inscape.models.architectures.architecture import Architecture, Sizes
from inscape.models.architectures.efficientnet_lite import Convolution
from inscape.models.card import Layer

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class ResidualClassifierConfig(Sizes):
    """Sizes of the network.

    Attributes:
        classes: Number of outputs.
        resolution: Height and width of the pictures that it is trained on.
        widths: Units of each stage. The first has half the picture's size, each of the others half of the one
            before.
        blocks: Residual blocks of each stage.
        head: Units of the last layer.
    """

    named = "the configuration of a residual classifier"

    classes: int
    resolution: int = 64
    widths: tuple[int, ...] = (16, 32, 64)
    blocks: tuple[int, ...] = (1, 1, 1)
    head: int = 48

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.blocks) or not self.widths:
            raise ValueRangeError(
                f"Each stage has a width and a number of blocks, got {self.widths} and {self.blocks}."
            )
        if min(self.classes, self.head, *self.widths, *self.blocks) < 1:
            raise ValueRangeError("The sizes of a residual classifier are whole numbers from 1.")
        if self.resolution < 2 ** len(self.widths):
            raise ValueRangeError(
                f"Pictures of {self.resolution} px are too small for {len(self.widths)} stages."
            )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside the identity, or beside a 1x1 convolution where the sizes change.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        stride: 1 or 2.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = Convolution(inputs, outputs, 3, stride=stride)
        self.second = Convolution(outputs, outputs, 3, linear=True)
        same = stride == 1 and inputs == outputs
        self.beside = None if same else Convolution(inputs, outputs, stride=stride, linear=True)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d _ _"]:
        """Apply the block; the output is at least 0."""
        beside = x if self.beside is None else self.beside(x)
        return functional.relu(beside + self.second(self.first(x)))


class ResidualClassifier(nn.Module):
    """The classifier: a stem, residual blocks, a head, the mean over all positions, and a linear layer.

    Args:
        config: Its sizes.
    """

    def __init__(self, config: ResidualClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = Convolution(3, config.widths[0], 3, stride=2)
        self.blocks = nn.ModuleList()
        width = config.widths[0]
        for stage, (outputs, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for number in range(count):
                stride = 2 if stage and not number else 1
                self.blocks.append(ResidualBlock(width, outputs, stride))
                width = outputs
        self.head = Convolution(width, config.head)
        self.classify = nn.Linear(config.head, config.classes)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        """Logits of pictures.

        Args:
            images: RGB in [-1, 1].
        """
        x = self.stem(images)
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.classify(self.head(x).mean((2, 3)))
        return logits


def layers_of(network: ResidualClassifier) -> tuple[Layer, ...]:
    """The stem, every block, the head, and the pooled features, in forward order."""
    config, size = network.config, network.config.resolution // 2
    found = [Layer(name="stem", units=config.widths[0], size=size, module="stem")]
    for stage, (width, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
        for _ in range(count):
            number = len(found) - 1
            found.append(
                Layer(name=f"block{number}", units=width, size=size >> stage, module=f"blocks.{number}")
            )
    found.append(Layer(name="head", units=config.head, size=found[-1].size, module="head"))
    found.append(Layer(name="pooled", units=config.head, size=0, module="classify", input=True))
    return tuple(found)


ARCHITECTURE = Architecture("Residual classifier", ResidualClassifierConfig, ResidualClassifier, layers_of)
