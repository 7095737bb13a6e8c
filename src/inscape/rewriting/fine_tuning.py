"""Fine-tuning of all weights, for comparison: the picture with the paste is learned by heart.

As `apply_overfit` of the code of Rewriting a Deep Generative Model: all weights of the generator follow the
gradient of the mean absolute difference of colours inside the pasted box. Their second term, 0.01 times the
mean squared difference of VGG-16's features of the whole picture, is left out.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.models import Generator
from inscape.progress import SilentProgress
from inscape.rewriting.goals import Goal, bounds

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.progress import Progress
    from inscape.rewriting.pastes import Paste
    from inscape.rewriting.rewriter import Rewriter

STEPS = 300
RATE = 0.01


def fine_tune(
    rewriter: Rewriter,
    pastes: Sequence[Paste],
    goals: Sequence[Goal],
    *,
    steps: int = STEPS,
    rate: float = RATE,
    progress: Progress | None = None,
) -> Generator:
    """A copy of the generator, all of whose weights have learned the pasted pictures.

    Args:
        rewriter: Of the layer in which the values were pasted.
        pastes: What was pasted where.
        goals: The goals of the pastes, from `Rewriter.goal`.
        steps: Of Adam. The authors take 20 001; a few hundred reach the same loss on one picture.
        rate: Of Adam.
        progress: Reports the steps done.

    Raises:
        CancelledError: The person cancelled.
    """
    model = rewriter.model
    size = model.image_size
    w = torch.cat([rewriter.latent(paste.target) for paste in pastes]).clone()
    pairs = zip(pastes, goals, strict=True)
    wanted = torch.cat([rewriter.drawn(paste.target, [goal]) for paste, goal in pairs])
    inside = torch.stack([_box(goal, size) for goal in goals])[:, None]
    module = copy.deepcopy(model.module).requires_grad_(True)
    adam = torch.optim.Adam(module.get_submodule("synthesis").parameters(), lr=rate)
    with (progress or SilentProgress()).task("Fine-tuning", steps, "steps") as task:
        for _ in range(steps):
            drawn = module.get_submodule("synthesis")(w)
            loss = ((drawn - wanted).abs() * inside).sum() / (3 * inside.sum())
            adam.zero_grad()
            loss.backward()
            adam.step()
            task.advance(1)
    return Generator(module.eval().requires_grad_(False), model.card)


def _box(goal: Goal, size: int) -> Float[Tensor, "{size} {size}"]:
    """The pasted box on the picture."""
    x, y, width, height = bounds(goal.weight)
    mask = torch.zeros_like(goal.weight)
    mask[y : y + height, x : x + width] = 1
    return functional.interpolate(mask[None, None], (size, size), mode="nearest")[0, 0]
