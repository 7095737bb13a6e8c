"""Perceived colour differences: CIE L*a*b* and ΔE*ab of 1976."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_EDGE = 6 / 29


def to_lab(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """SRGB in [-1, 1] to CIE L*a*b* under D65: L* from 0 to 100, a* and b* about -100 to 100."""
    shares = (images.clamp(-1, 1) + 1) / 2
    linear = torch.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    matrix = torch.tensor(_TO_XYZ).to(images)
    white = matrix.sum(1)
    xyz = torch.einsum("cd,bdhw->bchw", matrix / white[:, None], linear)
    curve = torch.where(xyz > _EDGE**3, xyz.clamp_min(1e-9) ** (1 / 3), xyz / (3 * _EDGE**2) + 4 / 29)
    x, y, z = curve.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def colour_difference(
    one: Float[Tensor, "batch 3 height width"], other: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch height width"]:
    """ΔE*ab between two pictures in L*a*b*: about 2 can just be seen side by side."""
    return (one - other).square().sum(1).sqrt()
