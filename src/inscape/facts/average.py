"""Traces of several facts averaged: their tokens are aligned by what they are to the subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inscape.errors import ShapeError, ValueRangeError
from inscape.facts.restoring import KINDS, Kind
from inscape.facts.tracing import Trace
from inscape.types import Array

ROLES = ("first", "middle", "last", "next", "further", "end")
"""First, middle and last token of the subject; the token behind it, further ones, and the prompt's last."""


@dataclass(frozen=True)
class AverageTrace:
    """The average indirect effect (Meng et al., section 2.2).

    Attributes:
        facts: How many were averaged.
        counts: How many of them have a token of each role.
        clean: Mean probability of the answer.
        corrupted: With the subject hidden.
        effect: By kind of state, and at [role, layer]; NaN where no fact has such a token. A fact counts
            once, with the mean over its tokens of the role.
        window: Blocks that were put back together, of MLPs and of attention.
    """

    facts: int
    counts: Mapping[str, int]
    clean: float
    corrupted: float
    effect: Mapping[Kind, Array]
    window: int

    def at(self, kind: Kind, role: str) -> Array:
        """The effects of all layers at the tokens of a role."""
        found: Array = self.effect[kind][ROLES.index(role)]
        return found


def roles(trace: Trace) -> list[str | None]:
    """What each token is to the subject; None before it.

    A subject of one token has a last and no first. The last token of the prompt is its end, unless it is the
    subject's.
    """
    first, last = trace.subject
    found: list[str | None] = [None] * first + ["first"] + ["middle"] * (last - first - 1)
    found = [*found[:last], "last"]
    behind: list[str | None] = ["next", *["further"] * len(trace.tokens)]
    found += behind[: len(trace.tokens) - last - 1]
    if len(trace.tokens) > last + 1:
        found[-1] = "end"
    return found


def average_traces(traces: Sequence[Trace]) -> AverageTrace:
    """Average the traces of several facts of one model.

    Raises:
        ValueRangeError: There are none.
        ShapeError: They are of models of different depth, or have different windows.
    """
    if not traces:
        raise ValueRangeError("An average needs at least one trace, got none.")
    shapes = {(trace.effect["hidden"].shape[1], trace.window) for trace in traces}
    if len(shapes) > 1:
        raise ShapeError(f"Traces of one average have the same layers and window, got {sorted(shapes)}.")
    named = [roles(trace) for trace in traces]
    effect: dict[Kind, Array] = {}
    for kind in KINDS:
        rows = [
            [
                trace.effect[kind][[each == role for each in names]].mean(0)
                for trace, names in zip(traces, named, strict=True)
                if role in names
            ]
            for role in ROLES
        ]
        nothing = np.full(traces[0].effect[kind].shape[1], np.nan)
        effect[kind] = np.stack([np.mean(each, 0) if each else nothing for each in rows])
    return AverageTrace(
        len(traces),
        {role: sum(role in names for names in named) for role in ROLES},
        float(np.mean([trace.clean for trace in traces])),
        float(np.mean([trace.corrupted for trace in traces])),
        effect,
        traces[0].window,
    )
