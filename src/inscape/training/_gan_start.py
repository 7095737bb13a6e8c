"""Where training a generator starts: from scratch, another run, what ships, or a smaller size."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import torch

from inscape.errors import FormatError, UnsupportedError
from inscape.models.architectures.discriminator import Discriminator, ResidualBlock
from inscape.models.architectures.stylegan2 import StyleGAN2, SynthesisBlock
from inscape.training._gan_state import Counters, GanState, discriminator_config, generator_config
from inscape.training.recipes import GanRecipe

CHECKPOINTS = Path(__file__).parents[3] / "checkpoints"
"""What was kept to go on training from the shipped generators; in the repository, outside the wheel."""


def first_state(recipe: GanRecipe, start: str | Path, device: torch.device) -> GanState:
    """The state that a run begins with.

    Args:
        recipe: What to train; a start of half its size is grown.
        start: "scratch", "shipped", or a checkpoint or a folder of another run.
        device: Where to train.

    Raises:
        FormatError: There is no such checkpoint.
    """
    if start == "scratch":
        torch.manual_seed(recipe.seed)
        first = replace(recipe, size=recipe.size_at(0))
        generator, discriminator = (
            StyleGAN2(generator_config(first)),
            Discriminator(discriminator_config(first)),
        )
        return GanState(recipe, generator, discriminator, device=device)
    if start == "shipped":
        path = shipped_checkpoint(recipe)
    else:
        path = Path(start)
        path = path / "checkpoint.safetensors" if path.is_dir() else path
    return grown_to(GanState.load(path, recipe, device), recipe.size)


def grown_to(state: GanState, size: int) -> GanState:
    """A state that draws pictures of a size: doubled as often as that takes.

    Raises:
        UnsupportedError: Its pictures are larger already.
    """
    while state.size < size:
        state = grown(state, state.device)
    if state.size > size:
        raise UnsupportedError(
            f"This run draws pictures of {state.size} pixels; a generator cannot shrink to {size}."
        )
    return state


def shipped_checkpoint(recipe: GanRecipe) -> Path:
    """What was kept of the shipped generator: of this size, or else of the next smaller one.

    Raises:
        FormatError: This copy has no checkpoints (an installed wheel does not carry them).
    """
    sizes = [size for size in (128, 64, 32) if size <= recipe.size]
    candidates = [CHECKPOINTS / recipe.name / f"training-{size}.safetensors" for size in sizes]
    for path in candidates:
        if path.is_file():
            return path
    raise FormatError(
        f"There is no kept checkpoint of {recipe.name!r}: looked for {candidates[0]}.",
        "They are in the repository, not in the installed package; clone it, or start from scratch.",
    )


def grown(state: GanState, device: torch.device) -> GanState:
    """A state of twice the size that draws the same pictures, enlarged, and judges them as before.

    Every block is copied. The generator's new block begins with an RGB layer of zeros. The discriminator's
    new block begins with nothing on its way to the old ones, which keep their from-RGB layer and see the
    picture shrunk.

    Args:
        state: Of half the size.
        device: Where to train.
    """
    recipe = state.recipe
    old_g, old_d = state.networks.generator, state.networks.discriminator
    size = old_g.config.resolution * 2
    torch.manual_seed(recipe.seed + size)
    g_config = replace(
        old_g.config, resolution=size, channels={**old_g.config.channels, size: recipe.channels[size]}
    )
    d_config = replace(
        old_d.config,
        resolution=size,
        channels={**old_d.config.channels, size: recipe.discriminator_channels[size]},
        from_rgb=(*old_d.config.from_rgb, size),
    )
    fresh, discriminator = StyleGAN2(g_config), Discriminator(d_config)
    top = getattr(fresh.synthesis, f"b{size}")
    assert isinstance(top, SynthesisBlock)
    torch.nn.init.zeros_(top.torgb.weight)
    generators = []
    for old in (old_g, state.average):
        network = StyleGAN2(g_config)
        network.load_state_dict({**fresh.state_dict(), **old.state_dict()})
        generators.append(network)
    block = getattr(discriminator, f"b{size}")
    assert isinstance(block, ResidualBlock) and math.log2(size).is_integer()
    torch.nn.init.zeros_(block.conv1.weight)
    torch.nn.init.zeros_(block.skip.weight)
    discriminator.load_state_dict({**discriminator.state_dict(), **old_d.state_dict()})
    larger = GanState(recipe, generators[0], discriminator, average=generators[1], device=device)
    larger.counters = Counters(images=state.counters.images, seconds=state.counters.seconds)
    larger.counters.step = state.counters.step
    return larger
