"""The settings of a rule.

The settings stand here and not beside the solver, so that the command line and the studio read their defaults
without loading torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inscape.errors import ValueRangeError, unknown_name

Method = Literal["whitened", "svd", "mean", "units"]
METHODS = ("whitened", "svd", "mean", "units")
Solver = Literal["reduced", "steps", "layer"]
SOLVERS = ("reduced", "steps", "layer")
ERASED_UNITS = 30
"""How many units of the keys that speak for a context are silenced where a rule erases it."""


@dataclass(frozen=True)
class RuleSettings:
    """The settings of a rule.

    Attributes:
        rank: Number of directions of the keys that change, 1 to 30.
        ridge: Cost of a change of the weights. Less makes a stronger rule that changes more of the rest.
        spill: Cost of changed values at ordinary keys; see `solve`.
        method: How the directions of the context are found; see `KeySpace.directions`.
        solver: "reduced" solves for the coefficients; "steps" is the authors' projected Adam, and "layer"
            the same without a rule: all weights of the layer change. Both see the pasted box alone.
        steps: At most so many of the solver, which stops where it has converged; by default 400. The authors'
            takes exactly so many, by default 2001.
        halo: Number of cells around the paste that must stay as they are.
        samples: Number of pictures for the second moment of the keys.
    """

    rank: int = 1
    ridge: float = 0.01
    spill: float = 3.0
    method: Method = "whitened"
    solver: Solver = "reduced"
    steps: int | None = None
    halo: int = 1
    samples: int = 2000

    def __post_init__(self) -> None:
        """Check what no other part does."""
        if self.solver not in SOLVERS:
            raise ValueRangeError(*unknown_name("solver", self.solver, SOLVERS))
        for what, cost in (("ridge", self.ridge), ("spill", self.spill)):
            if not 0 <= cost < float("inf"):
                raise ValueRangeError(f"The {what} of a rule is 0 or more, got {cost}.")
        if self.steps is not None and self.steps < 1:
            raise ValueRangeError(f"A solver makes at least one step, got {self.steps}.")
        if not 0 <= self.halo <= 8:
            raise ValueRangeError(f"A halo is 0 to 8 cells wide, got {self.halo}.")
