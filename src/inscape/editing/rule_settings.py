"""How a rule is made: what the weights of a layer are changed by, and how it is solved.

The settings stand here and not beside the solver, so that the command line and the studio read their defaults
without loading torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inscape.errors import ValueRangeError, unknown_name

Method = Literal["whitened", "mean", "units"]
METHODS = ("whitened", "mean", "units")
Solver = Literal["reduced", "steps", "layer"]
SOLVERS = ("reduced", "steps", "layer")
ERASED_UNITS = 30
"""How many units of the keys that speak for a context are silenced where a rule erases it."""


@dataclass(frozen=True)
class RuleSettings:
    """How a rule is made.

    Attributes:
        rank: How many directions of the keys change, 1 to 30.
        ridge: What a change of the weights costs: less makes a stronger rule and moves more of the rest.
        spill: What a change of the answers to ordinary keys costs; see `solve`.
        method: Which directions stand for the context; see `KeySpace.directions`.
        solver: "reduced" solves for the coefficients; "steps" is the authors' projected Adam, and "layer"
            the same without a rule: all weights of the layer change.
        steps: Of the solver; by default 40, and 2001 for the authors'.
        halo: How many cells around what is pasted must stay as they are.
        samples: Pictures over which the second moment of the keys is taken.
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
