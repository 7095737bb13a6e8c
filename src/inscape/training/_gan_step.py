"""One step of adversarial training, as gradients of both losses.

The loss is that of R3GAN (Huang et al., "The GAN is dead; long live the GAN!", NeurIPS 2024). Every generated
picture is paired with a real one, and only the difference of their logits counts. R1 and R2 penalize the
gradient of the logits on real and on generated pictures, here with respect to the mixed features. Pictures
are drawn once and judged once: the gradients of both losses come from the same passes, each only with respect
to the weights that it trains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.training._adversary import Adversary
from inscape.training._convolution import gradients_of
from inscape.training.recipes import GanRecipe


@dataclass(frozen=True)
class GanNetworks:
    """The two networks that train each other."""

    generator: StyleGAN2
    adversary: Adversary


@dataclass
class StepGradients:
    """What a batch contributes to a step.

    Attributes:
        generator: Gradients of the generator's weights, None where a weight took no part.
        discriminators: Gradients of the discriminators' weights.
        w: Of the batch, `[batch, w_dim]`.
        numbers: Losses, penalties and mean logits, by name.
    """

    generator: list[Tensor | None]
    discriminators: list[Tensor | None]
    w: Tensor
    numbers: dict[str, float]


def step_gradients(
    networks: GanNetworks, recipe: GanRecipe, real: Tensor, *, step: int, half: bool = False
) -> StepGradients:
    """Gradients of both losses for one batch; the networks are not changed.

    Args:
        networks: The generator and its adversary.
        recipe: Weights of the losses.
        real: Real pictures `[batch, 3, height, width]` in [-1, 1].
        step: Its number: all random numbers come from it and the recipe's seed, so that a run can stop.
        half: Whether generator and features run in bfloat16. The discriminators never do.
    """
    generator, adversary = networks.generator, networks.adversary
    random = torch.Generator().manual_seed((recipe.seed * 1_000_003 + step) % 2**63)
    z = torch.randn(len(real), generator.config.z_dim, generator=random).to(real.device)
    with torch.autocast(real.device.type, dtype=torch.bfloat16, enabled=half):
        w = generator.mapping.single(z)
        images = generator.synthesis(w[:, None].expand(-1, generator.config.num_ws, -1), noise_mode="none")
        with torch.no_grad():
            real_levels = adversary.levels(moved(real, recipe, random))
        fake_levels = adversary.levels(moved(images, recipe, random))
    real_leaves, fake_leaves = _leaves(real_levels), _leaves(fake_levels)
    real_logits, fake_logits = adversary(real_leaves), adversary(fake_leaves)
    margins = [one - other for one, other in zip(real_logits, fake_logits, strict=True)]
    d_loss = _total([functional.softplus(-margin).mean() for margin in margins])
    g_loss = _total([functional.softplus(margin).mean() for margin in margins])
    penalties = [gradient_penalty(*side) for side in ((real_logits, real_leaves), (fake_logits, fake_leaves))]
    gamma = recipe.stage_of(generator.config.resolution).penalty
    judged = d_loss + gamma / 2 * (penalties[0] + penalties[1])
    with gradients_of("inputs"):
        towards_real = torch.autograd.grad(g_loss, fake_leaves, retain_graph=True)
    with gradients_of("weights"):
        d_gradients = _gradients(judged, list(adversary.discriminators.parameters()))
    g_gradients = _gradients(fake_levels, list(generator.parameters()), towards_real)
    numbers = {"loss_d": d_loss, "loss_g": g_loss, "r1": penalties[0], "r2": penalties[1]}
    numbers |= {"margin": _total([margin.mean() for margin in margins])}
    found = {name: float(value.detach()) for name, value in numbers.items()}
    return StepGradients(g_gradients, d_gradients, w.detach(), found)


def gradient_penalty(logits: Sequence[Tensor], leaves: Sequence[Tensor]) -> Tensor:
    """Mean over pictures of the squared norm of a gradient: of the mean logits of all levels.

    R1 of real features, R2 of generated ones (Mescheder et al., ICML 2018).

    Args:
        logits: Of every level, `[batch, _, _]`.
        leaves: The features that they judge.
    """
    total = _total([level.mean((1, 2)).sum() for level in logits])
    with gradients_of("inputs"):
        gradients = torch.autograd.grad(total, list(leaves), create_graph=True)
    return _total([gradient.square().sum() for gradient in gradients]) / len(logits[0])


def moved(images: Tensor, recipe: GanRecipe, random: torch.Generator) -> Tensor:
    """Some of the pictures, moved by whole pixels; their border is repeated. Gradients flow through.

    Args:
        images: `[batch, 3, height, width]`.
        recipe: How many of them, and by how much.
        random: What is drawn from.
    """
    batch, size = len(images), images.shape[2]
    most = int(recipe.move * size)
    chosen = torch.rand(batch, generator=random) < recipe.moved
    steps = torch.randint(-most, most + 1, (2, batch), generator=random) * chosen
    places = (torch.arange(size)[None, None] + steps[..., None]).clamp(0, size - 1).to(images.device)
    rows = places[0][:, None, :, None].expand_as(images)
    columns = places[1][:, None, None, :].expand_as(images)
    return images.gather(2, rows).gather(3, columns)


def _leaves(levels: Sequence[Tensor]) -> list[Tensor]:
    return [level.detach().float().requires_grad_() for level in levels]


def _total(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(parts)).sum()


def _gradients(
    of: Tensor | Sequence[Tensor], weights: Sequence[Tensor], towards: Sequence[Tensor] | None = None
) -> list[Tensor | None]:
    found = torch.autograd.grad(of, weights, towards, allow_unused=True)
    return cast("list[Tensor | None]", list(found))
