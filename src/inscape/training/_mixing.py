"""Random mixing of feature maps (Projected GANs, Sauer et al., NeurIPS 2021, section 3.2).

A random 1x1 convolution projects every tap (cross-channel mixing). Then, from coarse to fine, each level
takes in the one below it, enlarged (cross-scale mixing). Nothing here is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

_KEPT = 0.7
"""What a sum of two levels is multiplied by, to keep their variance."""


class RandomMixing(nn.Module):
    """Projects feature maps, and adds to each the ones below it.

    Args:
        inputs: Channels of every tap, fine to coarse.
        outputs: Channels of every level that comes out.
        seed: What the convolutions are drawn from.
    """

    def __init__(self, inputs: Sequence[int], outputs: Sequence[int], seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self._levels = len(inputs)
        for level, (before, after) in enumerate(zip(inputs, outputs, strict=True)):
            self.register_buffer(f"across{level}", _drawn(before, after, random))
            self.register_buffer(f"scale{level}", torch.ones(before))
            if level + 1 < len(outputs):
                self.register_buffer(f"up{level}", _drawn(outputs[level + 1], after, random))

    @property
    def is_calibrated(self) -> bool:
        """Whether the taps have been measured."""
        return any(bool((getattr(self, f"scale{level}") != 1).any()) for level in range(self._levels))

    @torch.no_grad()
    def calibrate(self, taps: Sequence[Float[Tensor, "b c _ _"]]) -> None:
        """Divide every tap by its standard deviation from now on.

        Args:
            taps: Feature maps of real pictures.
        """
        for level, tap in enumerate(taps):
            scale: Tensor = getattr(self, f"scale{level}")
            scale.fill_(1 / float(tap.float().std()))

    def forward(self, taps: Sequence[Float[Tensor, "b c _ _"]]) -> list[Float[Tensor, "b d _ _"]]:
        """Mixed levels, fine to coarse, of the sizes of the taps."""
        mixed: list[Tensor] = []
        below: Tensor | None = None
        for level in reversed(range(self._levels)):
            weight = getattr(self, f"across{level}") * getattr(self, f"scale{level}")[None, :, None, None]
            own = functional.conv2d(taps[level].float(), weight)
            if below is not None:
                raised = functional.conv2d(below, getattr(self, f"up{level}"))
                size = own.shape[2:]
                own = own + functional.interpolate(raised, size, mode="bilinear", align_corners=False)
                own = own * _KEPT
            mixed.append(own)
            below = own
        return mixed[::-1]


def _drawn(inputs: int, outputs: int, random: torch.Generator) -> Tensor:
    """A 1x1 convolution with the variance that keeps that of its input (He et al., ICCV 2015; linear)."""
    drawn: Tensor = torch.randn(outputs, inputs, 1, 1, generator=random) / inputs**0.5
    return drawn
