"""A recipe that trains in a second."""

from __future__ import annotations

from dataclasses import replace

import torch

from inscape.training._gan_start import first_state
from inscape.training._gan_state import GanState
from inscape.training._gan_step import StepGradients, step_gradients
from inscape.training.recipes import GanRecipe, Stage

RECIPE = GanRecipe(
    "town",
    "town",
    (Stage(16),),
    scenes=24,
    z_dim=8,
    w_dim=8,
    mapping_layers=2,
    channels={4: 6, 8: 6, 16: 5, 32: 4},
    level_channels=(4, 6, 8, 8),
    batch=8,
    average_images=100,
)
GROWING = replace(RECIPE, stages=(Stage(16, until=24), Stage(32)))


def small_state(recipe: GanRecipe = RECIPE) -> GanState:
    """A state at its beginning, the same every time."""
    return first_state(recipe, "scratch", torch.device("cpu"))


def random_pictures(seed: int, size: int = 16, count: int = RECIPE.batch) -> torch.Tensor:
    """Noise in [-1, 1]."""
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def gradients(state: GanState, step: int = 0, *, half: bool = False) -> StepGradients:
    """Of one step on noise."""
    real = random_pictures(step, state.size)
    return step_gradients(state.networks, state.recipe, real, step=step, half=half)
