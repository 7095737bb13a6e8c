"""One step of adversarial training, as gradients of one shard of a batch.

Non-saturating logistic loss (Goodfellow 2014), R1 (Mescheder 2018) and path length (Karras 2020) taken
lazily. The pictures are drawn once and judged once: the gradients of both losses come from the same passes,
each only with respect to the weights that it trains, so the discriminator's weights are frozen for the
generator's loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as functional
from torch import Tensor

from inscape.models.architectures.discriminator import Discriminator
from inscape.models.architectures.stylegan2 import NoiseMode, StyleGAN2
from inscape.training.recipes import GanRecipe


@dataclass
class ShardGradients:
    """What one shard contributes to a step.

    Attributes:
        generator: Gradients of the generator's weights, None where a weight took no part.
        discriminator: Gradients of the discriminator's weights.
        w_mean: Mean of w over the shard.
        numbers: Losses and mean logits, by name.
    """

    generator: list[Tensor | None]
    discriminator: list[Tensor | None]
    w_mean: Tensor
    numbers: dict[str, float]


def shard_generator(recipe: GanRecipe, step: int, shard: int, device: torch.device) -> torch.Generator:
    """The random numbers of one shard of one step: they depend on nothing else, so a run can stop."""
    generator = torch.Generator(device)
    generator.manual_seed(((recipe.seed * 1_000_003 + step) * 64 + shard) % (2**63))
    return generator


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


def gradient_penalty(discriminator: Discriminator, real: Tensor) -> Tensor:
    """R1: mean over pictures of the squared norm of the logit's gradient, in float32.

    Args:
        discriminator: Judges the pictures.
        real: `[batch, 3, height, width]` in [-1, 1].
    """
    pictures = real.detach().float().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(pictures).sum(), pictures, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def path_lengths(images: Tensor, w: Tensor, generator: torch.Generator) -> Tensor:
    """Length of the gradient of a random projection of the pictures with respect to w, `[batch]`."""
    shape = images.shape
    noise = torch.randn(shape, generator=generator, device=images.device) / (shape[2] * shape[3]) ** 0.5
    (gradient,) = torch.autograd.grad((images * noise).sum(), w, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()


@dataclass(frozen=True)
class GanNetworks:
    """The two networks that train each other."""

    generator: StyleGAN2
    discriminator: Discriminator


def shard_gradients(
    networks: GanNetworks,
    recipe: GanRecipe,
    real: Tensor,
    generator: torch.Generator,
    *,
    step: int,
    path_mean: float,
) -> ShardGradients:
    """Gradients of both losses for one shard.

    Args:
        networks: Not changed.
        recipe: Weights of the losses.
        real: Real pictures `[batch, 3, height, width]` in [-1, 1].
        generator: All random numbers come from it.
        step: Decides which lazy penalties are due.
        path_mean: Running mean of the path length.
    """
    g_weights = list(networks.generator.parameters())
    d_weights = list(networks.discriminator.parameters())
    noise: NoiseMode = "random" if recipe.noise else "none"
    with torch.autocast(real.device.type, dtype=torch.bfloat16):
        mixed, w = mixed_latents(networks.generator, len(real), generator, mixing=recipe.mixing)
        images = networks.generator.synthesis(mixed, noise_mode=noise, generator=generator)
        judged = images.detach().requires_grad_()
        fake_logits = networks.discriminator(judged)
        real_logits = networks.discriminator(real)
    d_loss = functional.softplus(fake_logits).mean() + functional.softplus(-real_logits).mean()
    g_loss = functional.softplus(-fake_logits).mean()
    d_gradients = _gradients(d_loss, d_weights, keep=True)
    (towards_real,) = torch.autograd.grad(g_loss, judged)
    g_gradients: list[Tensor | None] = list(
        torch.autograd.grad(images, g_weights, towards_real, allow_unused=True)
    )
    numbers = {
        "loss_d": float(d_loss.detach()),
        "loss_g": float(g_loss.detach()),
        "real": float(real_logits.detach().mean()),
        "fake": float(fake_logits.detach().mean()),
    }
    r1_weight = recipe.r1_weight_at(networks.generator.config.resolution)
    if r1_weight and step % recipe.r1_every == 0:
        some = real[: max(1, round(len(real) * recipe.r1_fraction))]
        penalty = gradient_penalty(networks.discriminator, some)
        scaled = penalty * (r1_weight / 2 * recipe.r1_every)
        d_gradients = _added(d_gradients, _gradients(scaled, d_weights))
        numbers["r1"] = float(penalty.detach())
    if recipe.path_weight and step % recipe.path_every == 0:
        count = max(1, len(real) // 2)
        half, _ = mixed_latents(networks.generator, count, generator, mixing=recipe.mixing)
        drawn = networks.generator.synthesis(half, noise_mode=noise, generator=generator)
        lengths = path_lengths(drawn, half, generator)
        scaled = (lengths - path_mean).square().mean() * (recipe.path_weight * recipe.path_every)
        g_gradients = _added(g_gradients, _gradients(scaled, g_weights))
        numbers["path"] = float(lengths.detach().mean())
    return ShardGradients(g_gradients, d_gradients, w.detach().mean(dim=0), numbers)


def _gradients(loss: Tensor, weights: Sequence[Tensor], *, keep: bool = False) -> list[Tensor | None]:
    found = torch.autograd.grad(loss, weights, retain_graph=keep, allow_unused=True)
    return cast("list[Tensor | None]", list(found))


def _added(one: list[Tensor | None], other: list[Tensor | None]) -> list[Tensor | None]:
    return [a if b is None else b if a is None else a + b for a, b in zip(one, other, strict=True)]
