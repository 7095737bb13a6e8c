"""A small vision transformer that classifies pictures (Dosovitskiy et al., ICLR 2021).

Its patches come from a few strided convolutions, which small networks learn better with (Xiao et al., NeurIPS
2021). Its tokens stay in their grid, `[batch, height, width, unit]`, so that every layer can be compared with
label maps. There is no class token: a linear layer reads the classes off the mean over all tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from inscape.errors import ShapeError, ValueRangeError
from inscape.models.architectures.architecture import Architecture, Sizes
from inscape.models.architectures.efficientnet_lite import Convolution
from inscape.models.card import Axis, Layer

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

GRID: tuple[Axis, ...] = ("height", "width", "unit")


@dataclass(frozen=True)
class VisionTransformerConfig(Sizes):
    """Sizes of the network.

    Attributes:
        classes: Number of outputs.
        resolution: Height and width of the pictures.
        stem: Units of the convolutions of the stem, each of which halves the picture.
        width: Units of a token.
        depth: Number of blocks.
        heads: Heads of the attention.
        neurons: Units inside the MLP of each block.
    """

    named = "the configuration of a vision transformer"

    classes: int
    resolution: int = 64
    stem: tuple[int, ...] = (24, 48, 96)
    width: int = 96
    depth: int = 5
    heads: int = 4
    neurons: int = 256

    def __post_init__(self) -> None:
        if min(self.classes, self.width, self.depth, self.heads, self.neurons, *self.stem) < 1:
            raise ValueRangeError("The sizes of a vision transformer are whole numbers from 1.")
        if self.width % self.heads:
            raise ValueRangeError(
                f"The width of a transformer must be a multiple of its {self.heads} heads, got {self.width}."
            )
        if not self.stem or self.resolution % 2 ** len(self.stem):
            raise ValueRangeError(
                f"Each convolution of the stem halves the picture; {len(self.stem)} cannot halve "
                f"{self.resolution} px."
            )

    @property
    def grid(self) -> int:
        """Tokens along a side."""
        return self.resolution >> len(self.stem)


class Attention(nn.Module):
    """Attention of every token to every token.

    Args:
        width: Units of a token.
        heads: Number of heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.mix = nn.Linear(width, 3 * width)
        self.leave = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "b h w c"]) -> Float[Tensor, "b h w c"]:
        """What the heads gather for every token."""
        tokens = self.mix(x).flatten(1, 2)
        query, key, value = tokens.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        gathered = functional.scaled_dot_product_attention(query, key, value)
        left: Tensor = self.leave(gathered.transpose(1, 2).reshape(x.shape))
        return left


class Block(nn.Module):
    """Attention, then an MLP, each behind a normalization and added to its input.

    Args:
        config: Sizes of the network.
    """

    def __init__(self, config: VisionTransformerConfig) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(config.width)
        self.attention = Attention(config.width, config.heads)
        self.before_mlp = nn.LayerNorm(config.width)
        self.up = nn.Linear(config.width, config.neurons)
        self.neurons = nn.GELU()
        self.down = nn.Linear(config.neurons, config.width)

    def forward(self, x: Float[Tensor, "b h w c"]) -> Float[Tensor, "b h w c"]:
        """Apply the block."""
        x = x + self.attention(self.before_attention(x))
        result: Tensor = x + self.down(self.neurons(self.up(self.before_mlp(x))))
        return result


class VisionTransformer(nn.Module):
    """The classifier: a stem of convolutions, positions, blocks, a normalization, the mean, a linear layer.

    Args:
        config: Its sizes.
    """

    def __init__(self, config: VisionTransformerConfig) -> None:
        super().__init__()
        self.config = config
        widths = (3, *config.stem)
        self.stem = nn.Sequential(
            *(Convolution(inputs, outputs, 3, stride=2) for inputs, outputs in pairwise(widths))
        )
        self.embed = nn.Linear(config.stem[-1], config.width)
        self.positions = nn.Parameter(0.02 * torch.randn(config.grid, config.grid, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.classify = nn.Linear(config.width, config.classes)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        """Logits of pictures.

        Args:
            images: RGB in [-1, 1], of the network's size.

        Raises:
            ShapeError: They are of another size.
        """
        size = self.config.resolution
        if images.ndim != 4 or tuple(images.shape[1:]) != (3, size, size):
            raise ShapeError(
                f"The network takes pictures [batch, 3, {size}, {size}], got {list(images.shape)}."
            )
        x = self.embed(self.stem(images).movedim(1, 3)) + self.positions
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.classify(self.norm(x).mean((1, 2)))
        return logits


def layers_of(network: VisionTransformer) -> tuple[Layer, ...]:
    """The stem, of every block its neurons and its output, and the pooled features, in forward order."""
    config = network.config
    grid = config.grid
    found = [Layer(name="stem", units=config.stem[-1], size=grid, module="stem")]
    for number in range(config.depth):
        inside, whole = f"blocks.{number}.neurons", f"blocks.{number}"
        found += [
            Layer(name=f"neurons{number}", units=config.neurons, size=grid, module=inside, axes=GRID),
            Layer(name=f"block{number}", units=config.width, size=grid, module=whole, axes=GRID),
        ]
    found.append(Layer(name="pooled", units=config.width, size=0, module="classify", input=True))
    return tuple(found)


ARCHITECTURE = Architecture("Vision transformer", VisionTransformerConfig, VisionTransformer, layers_of)
