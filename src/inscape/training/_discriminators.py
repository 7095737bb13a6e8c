"""Small discriminators of feature maps, one for each level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from inscape.training._convolution import convolve

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

LEAK = 0.2
_WIDEST = 128
_SMALLEST = 8
_GROUP = 4
_EPSILON = 1e-8


class FeatureDiscriminator(nn.Module):
    """Halves a map until 8 positions a side are left, then judges windows of 4 by 4.

    No spectral norm and no normalization by batch: with them a generator of this kind drew one layout only.

    Args:
        channels: Of the map.
        side: Height and width of the map, at the size that the network begins with; larger maps get more
            logits.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        layers: list[nn.Conv2d] = []
        while side > _SMALLEST:
            wider = min(2 * channels, _WIDEST)
            layers.append(nn.Conv2d(channels, wider, 4, stride=2, padding=1))
            channels, side = wider, side // 2
        if not layers:
            layers.append(nn.Conv2d(channels, min(channels, _WIDEST), 3, padding=1))
            channels = min(channels, _WIDEST)
        self.layers = nn.ModuleList(layers)
        self.judge = nn.Conv2d(channels + 1, 1, min(4, side))

    def draw_weights(self, random: torch.Generator) -> None:
        """Draw the first weights (He et al., ICCV 2015)."""
        for module in (*self.layers, self.judge):
            assert isinstance(module, nn.Conv2d) and module.bias is not None
            leak = 1.0 if module is self.judge else LEAK
            nn.init.kaiming_normal_(module.weight, leak, generator=random)
            nn.init.zeros_(module.bias)

    def forward(self, level: Float[Tensor, "b c h w"]) -> Float[Tensor, "b _ _"]:
        """Logits, high where the map looks like one of a real picture."""
        x = level
        for layer in self.layers:
            x = functional.leaky_relu(_applied(layer, x), LEAK)
        assert self.judge.bias is not None
        seen, deviation = self.judge.weight.split((x.shape[1], 1), 1)
        logits = convolve(x, seen, self.judge.bias).squeeze(1)
        result: Tensor = logits + minibatch_deviation(x)[:, None, None] * deviation.sum()
        return result


class FeatureDiscriminators(nn.Module):
    """One discriminator for each level.

    Args:
        channels: Of every level.
        sides: Height and width of every level.
        seed: What the first weights are drawn from.
    """

    def __init__(self, channels: Sequence[int], sides: Sequence[int], seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):  # layers draw weights of their own before ours replace them
            made = [FeatureDiscriminator(*shape) for shape in zip(channels, sides, strict=True)]
        random = torch.Generator().manual_seed(seed)
        for one in made:
            one.draw_weights(random)
        self.levels = nn.ModuleList(made)

    def forward(self, levels: Sequence[Float[Tensor, "b c _ _"]]) -> list[Float[Tensor, "b _ _"]]:
        """The logits of every level."""
        return [judge(level) for judge, level in zip(self.levels, levels, strict=True)]


def _applied(layer: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(layer, nn.Conv2d)
    stride, padding = layer.stride[0], int(layer.padding[0])
    return convolve(x, layer.weight, layer.bias, stride=stride, padding=padding)


def minibatch_deviation(x: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
    """How much the pictures of a group of four differ (Karras et al., ICLR 2018), for each picture.

    The discriminator sees it as one more channel, the same everywhere. A batch that is not a multiple of four
    is one group.
    """
    batch, channels, height, width = x.shape
    group = _GROUP if batch % _GROUP == 0 else batch
    grouped = x.reshape(group, batch // group, channels, height, width)
    variance = (grouped - grouped.mean(0)).square().mean(0)  # aten::var is ten times slower on a CPU
    return (variance + _EPSILON).sqrt().mean((1, 2, 3)).repeat(group)
