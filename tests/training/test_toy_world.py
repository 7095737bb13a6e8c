"""The recipe against a hinge loss: both learn a world of 27 kinds of pictures, and one gets near it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.training.small_recipe import RECIPE, small_state
from torch import Tensor
from torch.nn import functional

from inscape.pictures import to_tensor
from inscape.statistics import Covariance, frechet_distance
from inscape.training._gan_state import GanState
from inscape.training._gan_step import GanNetworks, StepGradients, moved, step_gradients
from inscape.training.recipes import GanRecipe, Stage

SIZE, CELL, STEPS = 16, 5, 400
TOY = replace(
    RECIPE,
    features="town-segmenter",
    stages=(Stage(SIZE, taps=(1,)),),
    level_channels=(32,),
    channels={4: 24, 8: 24, 16: 12},
    z_dim=16,
    w_dim=16,
    batch=16,
    generator_rate=0.005,
    mapping_rate=0.05,
    average_images=1000,
    average_warm_up=0.2,
)
COLOURS = ((220, 60, 50), (60, 180, 70), (50, 80, 220))
Step = Callable[[GanNetworks, GanRecipe, Tensor, int], StepGradients]


def scenes(seeds: range) -> Tensor:
    """Grey pictures with one square: in one of nine places, of one of three colours."""
    pictures = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        picture = np.full((SIZE, SIZE, 3), 150 + random.integers(-20, 20), np.uint8)
        top, left = random.integers(0, 3, 2) * CELL + 1
        picture[top : top + CELL, left : left + CELL] = COLOURS[random.integers(3)]
        pictures.append(picture)
    return to_tensor(np.stack(pictures))


def squares(images: Tensor) -> Covariance:
    """Statistics of what the nine places hold beside the picture's mean."""
    cells = functional.avg_pool2d(images.clamp(-1, 1)[:, :, 1:, 1:], CELL)
    cells = cells - cells.mean((1, 2, 3), keepdim=True)
    return Covariance.of(10 * cells.flatten(1).double().numpy())


def distance(state: GanState) -> float:
    """Fréchet distance of the moving average's squares to the world's."""
    z = torch.randn(500, TOY.z_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return frechet_distance(squares(state.average(z)), squares(scenes(range(5000, 5500))))


def trained(step: Step) -> GanState:
    """After some steps on 2000 scenes."""
    pool, random = scenes(range(2000)), np.random.default_rng(0)
    state = small_state(TOY)
    adversary = state.networks.adversary
    adversary.mixing.calibrate(adversary.features(pool[:64]))
    for number in range(STEPS):
        real = pool[torch.from_numpy(random.integers(0, len(pool), TOY.batch))]
        state.apply(step(state.networks, TOY, real, number))
    return state


def relativistic(networks: GanNetworks, recipe: GanRecipe, real: Tensor, number: int) -> StepGradients:
    return step_gradients(networks, recipe, real, step=number)


def hinge(networks: GanNetworks, recipe: GanRecipe, real: Tensor, number: int) -> StepGradients:
    """The loss of Projected GANs on the same features, mixing and discriminators, without a penalty."""
    generator, adversary = networks.generator, networks.adversary
    random = torch.Generator().manual_seed(number)
    w = generator.mapping.single(torch.randn(len(real), recipe.z_dim, generator=random))
    images = generator.synthesis(w[:, None].expand(-1, generator.config.num_ws, -1), noise_mode="none")
    with torch.no_grad():
        real_levels = adversary.levels(moved(real, recipe, random))
    fake_levels = adversary.levels(moved(images, recipe, random))
    leaves = [level.detach().requires_grad_() for level in fake_levels]
    judged = list(zip(adversary(real_levels), adversary(leaves), strict=True))
    d_loss = sum((1 - real).relu().mean() + (1 + fake).relu().mean() for real, fake in judged)
    towards = torch.autograd.grad(-sum(fake.mean() for _, fake in judged), leaves, retain_graph=True)
    weights = list(generator.parameters())
    g_gradients = torch.autograd.grad(fake_levels, weights, towards, allow_unused=True)
    d_gradients = torch.autograd.grad(d_loss, list(adversary.discriminators.parameters()))
    return StepGradients(list(g_gradients), list(d_gradients), w.detach(), {})


@pytest.mark.slow
def test_the_recipe_comes_nearer_to_a_toy_world_than_random_weights_and_a_hinge_loss() -> None:
    untrained = distance(small_state(TOY))
    recipe, other = (distance(trained(step)) for step in (relativistic, hinge))
    assert untrained > 300
    assert recipe < 0.9 * other, (recipe, other)
    assert recipe < 80
