"""A recipe that trains in a second."""

from __future__ import annotations

import torch

from inscape.training._gan_start import first_state
from inscape.training._gan_state import GanState
from inscape.training.recipes import GanRecipe

RECIPE = GanRecipe(
    "town",
    "town",
    16,
    scenes=24,
    z_dim=8,
    w_dim=8,
    mapping_layers=2,
    channels={4: 6, 8: 6, 16: 5, 32: 4},
    discriminator_channels={4: 6, 8: 6, 16: 5, 32: 4},
    batch=8,
    r1_every=4,
    average_images=100,
)


def small_state(recipe: GanRecipe = RECIPE) -> GanState:
    """A state at its beginning, the same every time."""
    return first_state(recipe, "scratch", torch.device("cpu"))
