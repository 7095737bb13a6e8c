"""Random latents of a StyleGAN2 for training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models.architectures.stylegan2 import StyleGAN2


def mixed_latents(
    network: StyleGAN2, batch: int, generator: torch.Generator, *, mixing: float
) -> tuple[Tensor, Tensor]:
    """Latents for the synthesis `[batch, num_ws, w_dim]`, some of them mixed, and the unmixed w.

    A conditional generator gets a class at random for each.

    Args:
        network: The generator.
        batch: How many.
        generator: What they are drawn from.
        mixing: Fraction of the pictures whose upper layers take another latent.
    """
    device, mapping = generator.device, network.mapping
    z = torch.randn(2 * batch, mapping.z_dim, generator=generator, device=device)
    classes = None
    if mapping.c_dim:
        drawn = torch.randint(mapping.c_dim, (2 * batch,), generator=generator, device=device)
        classes = functional.one_hot(drawn, mapping.c_dim).float()
    with torch.autocast(device.type, enabled=False):
        first, second = mapping.single(z, classes).split(batch)
    num_ws = mapping.num_ws
    cut = torch.randint(1, num_ws, (batch, 1), generator=generator, device=device)
    mixes = torch.rand(batch, 1, generator=generator, device=device) < mixing
    own = (torch.arange(num_ws, device=device) < cut) | ~mixes
    return torch.where(own[..., None], first[:, None], second[:, None]), first
