"""Targeted attacks on a classifier: changes that nobody sees, after which it reads another class.

Projected gradient descent (Madry et al., ICLR 2018): steps along the sign of the gradient that brings the
class nearer, each cut back to a small box around the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.errors import ValueRangeError
from inscape.sources.source import shown

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Model


@dataclass(frozen=True)
class AttackOptions:
    """How pictures are attacked.

    Attributes:
        images: How many pictures at most; none leaves the attack out.
        size: The largest change of a value, in grey levels of 255.
        steps: Number of steps.
    """

    images: int = 128
    size: float = 8.0
    steps: int = 20

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.images < 0 or self.steps < 1 or not 0 < self.size <= 255:
            raise ValueRangeError(
                "An attack takes at least 1 step, and changes values by more than 0 and at most 255 grey "
                f"levels, got {self.steps} steps and {self.size:g}."
            )


def attacked(
    model: Model, pictures: Float[Tensor, "b 3 h w"], target: int, options: AttackOptions
) -> Float[Tensor, "b 3 h w"]:
    """Pictures that the model should take for another class.

    Args:
        model: The classifier.
        pictures: RGB in [-1, 1].
        target: The output to reach.
        options: How.

    Returns:
        Pictures in [-1, 1], none of whose values differs by more than `options.size` grey levels.
    """
    reach = options.size / 127.5
    step = 2.5 * reach / options.steps
    low, high = (pictures - reach).clamp_min(-1), (pictures + reach).clamp_max(1)
    wanted = torch.full((len(pictures),), target, device=pictures.device)
    changed = pictures.clone()
    for _ in range(options.steps):
        changed = changed.detach().requires_grad_(True)
        with torch.enable_grad():
            loss = functional.cross_entropy(shown(model, changed), wanted, reduction="sum")
            (slope,) = torch.autograd.grad(loss, changed)
        changed = torch.minimum(torch.maximum(changed - step * slope.sign(), low), high)
    return changed.detach()
