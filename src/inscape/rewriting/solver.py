"""Solve a rule: find the coefficients that bring a layer closest to its goals.

Rewriting a Deep Generative Model (Bau et al., ECCV 2020, equation 14) minimizes the distance between what
the layer outputs and the goal over changes of the weights in a few directions of keys. The authors run 2001
steps of Adam on all weights and project. Here the problem is solved where it lives: the weights enter only
through their share along the directions, so that values are a function of the coefficients alone
(`LayerMemory.answer`), exact with demodulation, up-sampling, blur, noise and rectifier; a quasi-Newton method
(L-BFGS) finds them in one or two hundred cheap evaluations, and a ridge keeps the change of the weights
small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.editing.rule_settings import RuleSettings
from inscape.progress import SilentProgress
from inscape.rewriting.goals import Goal, Misfit
from inscape.rewriting.memory import Demodulation, LayerMemory, Reading

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.progress import Progress

STEPS = 400
_SOFTNESS = (0.25, 0.05, 0.01)
_CONVERGED = 1e-4
_NOTHING = 1e-9
_LEAST_ENERGY = 1e-8


@dataclass(frozen=True)
class Ordinary:
    """What the taps of some directions see at ordinary positions, and what the layer's sums are there.

    Sums B are those of the weights as they are; A is what each tap sees, so that an edit makes them B + Λ A.
    Where the layer demodulates, an edit changes all sums of an output, also where it sees nothing: they are
    divided by an energy that it has changed.

    Attributes:
        moment: E[A Aᵀ], `[R·T, R·T]`.
        cross: E[B Aᵀ], `[O, R·T]`.
        energy: E[B²], `[O]`.
        demodulation: By what the sums are divided, under the mean squared styles; None if by nothing.
    """

    moment: Float[Tensor, "rank_tap rank_tap"]
    cross: Float[Tensor, "output rank_tap"]
    energy: Float[Tensor, "output"]
    demodulation: Demodulation | None

    @classmethod
    def of(
        cls,
        memory: LayerMemory,
        reading: Reading,
        directions: Float[Tensor, "rank input"],
        places: Float[Tensor, "batch rows columns"] | None = None,
    ) -> Ordinary:
        """Of some pictures; `places` says which of theirs count, all unless given."""
        with torch.no_grad():
            shares = memory.shares(reading, directions)
            sums = memory.linear(reading.keys, memory.weight)
            counted = torch.ones_like(sums[:, 0]) if places is None else places
            total = counted.sum().clamp_min(1)
            seen, sums = ((each * counted[:, None]).transpose(0, 1).flatten(1) for each in (shares, sums))
            return cls(
                seen @ seen.t() / total,
                sums @ seen.t() / total,
                sums.square().sum(1) / total,
                memory.demodulation(reading, directions),
            )

    def spilt(self, coefficients: Float[Tensor, "output rank height width"]) -> Tensor:
        """How much coefficients change the sums there, demodulated: mean square of the change, in theirs.

        With g = √(e / e′), e and e′ the energies of an output's weights before and after, its sums B / √e
        become g (B + Λ A) / √e. The mean square of the difference is
        g² Λ E[A Aᵀ] Λᵀ + 2 g (g − 1) Λ·E[B Aᵀ] + (g − 1)² E[B²], over e.
        """
        flat = coefficients.flatten(1)
        added = ((flat @ self.moment) * flat).sum(1)
        if self.demodulation is None:
            return added.sum() / self.energy.sum()
        energy = self.demodulation.energy
        gain = (energy / self.demodulation.changed(flat).clamp_min(_LEAST_ENERGY)).sqrt()
        change = (
            gain.square() * added
            + 2 * gain * (gain - 1) * (flat * self.cross).sum(1)
            + (gain - 1).square() * self.energy
        )
        return (change / energy).sum() / (self.energy / energy).sum()


@dataclass(frozen=True)
class Solution:
    """The solution of a rule.

    Attributes:
        coefficients: Λ, `[O, R, height, width]`.
        loss_before: Mean distance |value − goal| over what was pasted and all outputs, at the start.
        loss: The same with the change made.
        change: Norm of the change of the weights, as a fraction of the norm of the weights.
        evaluations: How often the values were computed.
    """

    coefficients: Float[Tensor, "output rank height width"]
    loss_before: float
    loss: float
    change: float
    evaluations: int


def solve(
    memory: LayerMemory,
    goals: Sequence[Goal],
    directions: Float[Tensor, "rank input"],
    settings: RuleSettings | None = None,
    *,
    ordinary: Ordinary | None = None,
    progress: Progress | None = None,
) -> Solution:
    """The coefficients along given directions that bring a layer closest to its goals.

    The objective has three terms. The first is the mean over positions and outputs of the pseudo-Huber
    distance between value and goal (`Misfit`), relative to its value without any change. It is minimized
    three times, each time from where the last one stopped and closer to the absolute distance, which is
    reported: with a width of 0.25, 0.05 and 0.01 of that distance at the start. What is best by the absolute
    distance is returned, no change at all if nothing is better. The second is
    `ridge` · |ΔW|² / |W|². The third is `spill` times the mean square of the change of the sums at ordinary
    positions, relative to these sums (`Ordinary.spilt`). It separates the context from what only resembles
    it, and keeps demodulation from turning down everything that an output draws.

    Args:
        memory: The layer.
        goals: What it should output; `Misfit` says how much each counts.
        directions: Orthonormal rows, from `KeySpace.directions`.
        settings: Of these, ridge, spill and steps count. The solver stops where a step lowers the objective
            by less than a ten-thousandth; `steps` caps the steps of all three times together.
        ordinary: Ordinary positions; without them there is no cost of spilling.
        progress: Reports the steps done, and can cancel between evaluations.

    Raises:
        ValueRangeError: No goal.
        CancelledError: The person cancelled.
    """
    from scipy.optimize import minimize

    problem = _Problem(memory, goals, directions, settings or RuleSettings(), ordinary)
    before = problem.distance(torch.zeros(problem.shape))
    if before < _NOTHING:
        return Solution(torch.zeros(problem.shape), before, before, 0.0, 1)
    steps = problem.settings.steps or STEPS
    found, taken = np.zeros(int(np.prod(problem.shape))), 0
    best = found
    with (progress or SilentProgress()).task("Solving the rule", steps, "steps") as task:
        for softness in _SOFTNESS:
            problem.measure_from(before, softness)
            reached = minimize(
                problem.loss,
                found,
                jac=True,
                method="L-BFGS-B",
                callback=lambda _: task.advance(1),
                options={"maxiter": steps - taken, "maxcor": 20, "ftol": _CONVERGED, "gtol": 0},
            )
            found, taken = reached.x, taken + reached.nit
            best = min(best, found, key=problem.reported)
            if taken >= steps:
                break
    coefficients = torch.from_numpy(best).float().reshape(problem.shape)
    change = float(coefficients.norm()) / problem.size**0.5
    return Solution(coefficients, before, problem.distance(coefficients), change, problem.evaluations)


class _Problem:
    """The loss of coefficients, as a function that a quasi-Newton method goes down."""

    def __init__(
        self,
        memory: LayerMemory,
        goals: Sequence[Goal],
        directions: Tensor,
        settings: RuleSettings,
        ordinary: Ordinary | None,
    ) -> None:
        self._misfit, self.settings = Misfit(goals), settings
        self._ordinary = ordinary if settings.spill else None
        self._answers = [memory.answer(goal.reading, directions, goal.places) for goal in goals]
        weight = memory.weight
        self.shape = (len(weight), len(directions), *weight.shape[2:])
        self.size = float(weight.square().sum())
        self.evaluations = 0

    def _distances(self, coefficients: Tensor, by: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        return self._misfit((answer(coefficients) for answer in self._answers), by)

    @torch.no_grad()
    def distance(self, coefficients: Tensor) -> float:
        """Mean distance |value − goal| over what was pasted."""
        return float(self._distances(coefficients, torch.abs)[0])

    @torch.no_grad()
    def measure_from(self, before: float, softness: float) -> None:
        """Take what the distance is without any change as the unit, and `softness` of it as the width."""
        self._soft = _Soft(softness * before)
        self._start = float(self._distances(torch.zeros(self.shape), self._soft)[0])

    @torch.no_grad()
    def reported(self, flat: np.ndarray) -> float:
        """The loss with the absolute distance."""
        coefficients = torch.from_numpy(flat).float().reshape(self.shape)
        none = self._distances(torch.zeros(self.shape), torch.abs)
        return float(self._total(coefficients, torch.abs, float(sum(none))))

    def loss(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        """The loss and its gradient."""
        self.evaluations += 1
        coefficients = torch.from_numpy(flat).float().reshape(self.shape).requires_grad_()
        loss = self._total(coefficients, self._soft, self._start)
        (slope,) = torch.autograd.grad(loss, coefficients)
        return loss.item(), slope.double().flatten().numpy()

    def _total(self, coefficients: Tensor, by: Callable[[Tensor], Tensor], start: float) -> Tensor:
        changes, stays = self._distances(coefficients, by)
        loss = (changes + stays) / start + (self.settings.ridge / self.size) * coefficients.square().sum()
        if self._ordinary is not None:
            loss = loss + self.settings.spill * self._ordinary.spilt(coefficients)
        return loss


@dataclass(frozen=True)
class _Soft:
    """Pseudo-Huber: a distance that is smooth where it is smaller than `width`."""

    width: float

    def __call__(self, difference: Tensor) -> Tensor:
        return (difference.square() + self.width**2).sqrt() - self.width
