"""The warm start of a generator: it draws real pictures before it is judged.

After Bojanowski et al., "Optimizing the Latent Space of Generative Networks" (ICML 2018): every real picture
has a latent, and the generator learns to draw the picture from it, under a loss over a pyramid of sizes. The
latents stay where that paper lets them begin, at the whitened principal components of the pictures, so that
they are spread like the normal latents that a generator is sampled from, and nothing has to be kept for each
picture. What it gives is blurred, but it has the layouts of the world, all of them; an adversary takes
several times as long to teach those. No label takes part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional
from jaxtyping import Float, UInt8
from torch import Tensor

from inscape.models.architectures.stylegan2 import StyleGAN2, ToRGB

THUMBNAIL = 16
"""The size at which pictures get their latents."""
_SMALLEST = 4
_RGB_SCALE = 0.2
_ROUNDING = 1e-3


@dataclass(frozen=True)
class PrincipalLatents:
    """Latents of real pictures: their first principal components as thumbnails, each of variance 1.

    A generator that learned from some goes on with the same ones: they are kept in its checkpoint.

    Attributes:
        mean: The mean thumbnail, `[3 * size * size]`.
        basis: From a thumbnail without the mean to a latent, `[3 * size * size, z]`.
    """

    mean: Float[Tensor, "value"]
    basis: Float[Tensor, "value z"]

    @classmethod
    def fitted(
        cls, pictures: UInt8[np.ndarray, "picture row column 3"], z_dim: int, size: int = THUMBNAIL
    ) -> PrincipalLatents:
        """Find the components of pictures.

        Args:
            pictures: As many as give a stable covariance; thousands.
            z_dim: How many components; those beyond what the pictures have give zeros.
            size: Of the thumbnails; no picture may be smaller.
        """
        some = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2)
        rows = torch.cat([_thumbnails(part.float() / 127.5 - 1, size) for part in some.split(500)]).double()
        mean = rows.mean(dim=0)
        _, spread, components = torch.linalg.svd(rows - mean, full_matrices=False)
        kept = min(z_dim, len(spread))
        deviation = spread[:kept] / len(rows) ** 0.5
        basis = torch.zeros(rows.shape[1], z_dim, dtype=torch.float64)
        basis[:, :kept] = components[:kept].T / deviation.clamp_min(1e-6)
        return cls(mean.float(), basis.float())

    def of(self, images: Float[Tensor, "picture 3 row column"]) -> Float[Tensor, "picture z"]:
        """Latents of pictures in [-1, 1]."""
        rows = _thumbnails(images, math.isqrt(len(self.mean) // 3))
        z: Tensor = (rows - self.mean.to(rows.device)) @ self.basis.to(rows.device)
        return z


def _thumbnails(images: Tensor, size: int) -> Tensor:
    return functional.avg_pool2d(images, images.shape[2] // size).flatten(1)


def soften(generator: StyleGAN2) -> None:
    """Make a fresh generator easy to teach: its RGB layers begin at a fifth of their weights.

    A fresh generator adds up pictures of several sizes, each of variance 1, which must first be unlearned.
    """
    with torch.no_grad():
        for module in generator.modules():
            if isinstance(module, ToRGB):
                module.weight.mul_(_RGB_SCALE)


def drawn_from(generator: StyleGAN2, z: Float[Tensor, "picture z"]) -> tuple[Tensor, Tensor]:
    """Pictures from latents, without noise, and their w `[picture, w]`."""
    with torch.autocast(z.device.type, enabled=False):
        w = generator.mapping.single(z)
    latents = w[:, None].expand(-1, generator.mapping.num_ws, -1)
    return generator.synthesis(latents, noise_mode="none"), w


def drawing_loss(
    drawn: Float[Tensor, "picture 3 row column"], images: Float[Tensor, "picture 3 row column"]
) -> Tensor:
    """How far drawn pictures are from the real ones.

    The mean distance of colours, summed over the pictures at their size and at every half of it down to 4.
    """
    gap = drawn - images
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
