"""How pictures that are drawn from codes are compared with the real ones that the codes came from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as functional
from jaxtyping import Float
from torch import Tensor

from inscape.models.architectures.stylegan2 import StyleGAN2, ToRGB

_SMALLEST = 4
_RGB_SCALE = 0.2
_ROUNDING = 1e-3


def soften(generator: StyleGAN2) -> None:
    """Make a fresh generator easy to teach: its RGB layers begin at a fifth of their weights.

    A fresh generator adds up pictures of several sizes, each of variance 1, which must first be unlearned.
    """
    with torch.no_grad():
        for module in generator.modules():
            if isinstance(module, ToRGB):
                module.weight.mul_(_RGB_SCALE)


def drawing_loss(
    drawn: Float[Tensor, "picture 3 row column"],
    images: Float[Tensor, "picture 3 row column"],
    *,
    largest: int | None = None,
) -> Tensor:
    """How far drawn pictures are from the real ones.

    The mean distance of colours, summed over the pictures at their size and at every half of it down to 4.

    Args:
        drawn: Pictures.
        images: The real ones.
        largest: Both are shrunk to this size first, where they are larger.
    """
    gap = drawn.float() - images
    if largest is not None and gap.shape[2] > largest:
        gap = functional.avg_pool2d(gap, gap.shape[2] // largest)
    loss = _distance(gap)
    while gap.shape[2] > _SMALLEST:
        gap = functional.avg_pool2d(gap, 2)
        loss = loss + _distance(gap)
    return loss


def feature_loss(drawn: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """How far the discriminator's features of drawn pictures are from those of the real ones.

    The mean absolute difference of every block, averaged over the blocks; the real ones get no gradient.
    """
    gaps = [
        (one.float() - other.float().detach()).abs().mean() for one, other in zip(drawn, real, strict=True)
    ]
    return torch.stack(gaps).mean()


def _distance(gap: Tensor) -> Tensor:
    return (gap.square().sum(dim=1) + _ROUNDING).sqrt().mean()
