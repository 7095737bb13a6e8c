"""The authors' solver of a rule, for comparison: Adam on all weights, projected every ten steps.

As the code of Rewriting a Deep Generative Model runs it: mean absolute distance over the box of what was
pasted, cut out of the picture (`cropped`), learning rate 0.05, 2001 steps; every ten steps, and at the end,
the change of the weights is replaced by its part along the directions. The loss that is reported is the one
after projection (theirs is the one before).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from inscape.progress import SilentProgress
from inscape.rewriting.crop import cropped
from inscape.rewriting.goals import Goal, Misfit
from inscape.rewriting.memory import LayerMemory
from inscape.rewriting.solver import Solution

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.progress import Progress

STEPS = 2001
RATE = 0.05
_EVERY = 10


def solve_by_steps(
    memory: LayerMemory,
    goals: Sequence[Goal],
    directions: Float[Tensor, "rank input"],
    *,
    steps: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Adam on the layer's weights, its change projected on the directions every ten steps.

    Args:
        memory: The layer.
        goals: What it should output; pastes are cropped to their boxes.
        directions: Orthonormal rows; the unit matrix lets all weights of the layer change.
        steps: 2001 unless given.
        progress: Reports the steps done.

    Raises:
        CancelledError: The person cancelled.
    """
    steps = STEPS if steps is None else steps
    start = memory.weight.clone()
    weight = start.clone().requires_grad_()
    adam = torch.optim.Adam([weight], lr=RATE)
    projection = directions.t() @ directions

    goals = [cropped(memory, goal) for goal in goals]
    misfit = Misfit(goals)

    def losses(current: Tensor) -> tuple[Tensor, Tensor]:
        values = (memory.forward(goal.reading, current)[0].flatten(1)[:, goal.places] for goal in goals)
        return misfit(values, torch.abs)

    with torch.no_grad():
        before = float(losses(weight)[0])
    with (progress or SilentProgress()).task("Solving the rule", steps, "steps") as task:
        for step in range(steps):
            adam.zero_grad()
            changes, stays = losses(weight)
            (changes + stays).backward()
            adam.step()
            if step % _EVERY == 0 or step == steps - 1:
                with torch.no_grad():
                    weight.copy_(start + torch.einsum("oihw,ij->ojhw", weight - start, projection))
            task.advance(1)
    with torch.no_grad():
        loss = float(losses(weight)[0])
        change = weight - start
        coefficients = torch.einsum("oihw,ri->orhw", change, directions)
    return Solution(coefficients, before, loss, float(change.norm() / start.norm()), steps)
