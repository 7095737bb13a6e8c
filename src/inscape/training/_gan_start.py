"""Where training a generator starts: from scratch, another run, what ships, or a smaller size."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import torch

from inscape.errors import FormatError, UnsupportedError
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_blocks import SynthesisBlock
from inscape.training._adversary import grown_adversary, new_adversary
from inscape.training._gan_state import GanState, generator_config
from inscape.training._seeded import seeded
from inscape.training.recipes import GanRecipe

CHECKPOINTS = Path(__file__).parents[3] / "checkpoints"
"""What was kept to go on training from the shipped generators; in the repository, outside the wheel."""
CHECKPOINT = "checkpoint.safetensors"
KEPT = "training.safetensors"


def first_state(recipe: GanRecipe, start: str | Path, device: torch.device) -> GanState:
    """The state that a run begins with.

    Args:
        recipe: What to train; a start of a smaller size is grown.
        start: "scratch", "shipped", or a checkpoint or a folder of another run.
        device: Where to train.

    Raises:
        FormatError: There is no such checkpoint.
        UnsupportedError: It draws larger pictures than the recipe.
    """
    if start == "scratch":
        size = recipe.stages[0].size
        with seeded(recipe.seed):
            generator = StyleGAN2(generator_config(recipe, size))
        return GanState(recipe, generator, new_adversary(recipe, size, device), device=device)
    path = kept_checkpoint(recipe) if start == "shipped" else Path(start)
    return GanState.load(path / CHECKPOINT if path.is_dir() else path, recipe, device)


def kept_checkpoint(recipe: GanRecipe) -> Path:
    """What was kept of the training of the shipped generator.

    Raises:
        FormatError: This copy has no checkpoints (an installed wheel does not carry them).
    """
    path = CHECKPOINTS / recipe.name / KEPT
    if not path.is_file():
        raise FormatError(
            f"There is no shipped training state of {recipe.name!r} at {path}.",
            "The repository holds it, the installed package does not. Clone it, or start from scratch.",
        )
    return path


def grown_to(state: GanState, size: int) -> GanState:
    """A state that draws pictures of a size: doubled as often as that takes.

    Raises:
        UnsupportedError: Its pictures are larger already.
    """
    while state.size < size:
        state = grown(state)
    if state.size > size:
        raise UnsupportedError(
            f"This run draws pictures of {state.size} pixels; a generator cannot shrink to {size}."
        )
    return state


def grown(state: GanState) -> GanState:
    """A state of twice the size that draws the same pictures, enlarged.

    Every weight is copied, with what Adam knew of it. The generator's new block begins with an RGB layer of
    zeros. The discriminators judge features of the larger pictures, which are twice the size.

    Args:
        state: Of half the size.
    """
    recipe, old, size = state.recipe, state.networks, 2 * state.size
    config = replace(
        old.generator.config,
        resolution=size,
        channels={**old.generator.config.channels, size: recipe.channels[size]},
    )
    with seeded(recipe.seed + size):
        fresh = StyleGAN2(config)
    top = getattr(fresh.synthesis, f"b{size}")
    assert isinstance(top, SynthesisBlock)
    torch.nn.init.zeros_(top.torgb.weight)
    networks = []
    for network in (old.generator, state.average):
        larger = copy.deepcopy(fresh)
        larger.load_state_dict({**fresh.state_dict(), **network.state_dict()})
        networks.append(larger)
    adversary = grown_adversary(old.adversary, recipe, size, state.device)
    found = GanState(recipe, networks[0], adversary, average=networks[1], device=state.device)
    for optimizer, name, second, steps in state.moments():
        found.restore_moment(optimizer, name, second, float(steps))
    found.counters = replace(state.counters)
    return found
