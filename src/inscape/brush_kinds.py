"""The kinds of brushes, apart from what makes them: the studio names them before torch is there."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["causal", "learned", "obedient"]
"""How a brush came about; see `KINDS`."""

KINDS: dict[Kind, str] = {
    "causal": "units of a dissection at their usual values; the network decides what comes of them",
    "learned": "units and what is added to them, found by gradient through the segmenter",
    "obedient": "learned, and taught to leave the picture alone where the concept cannot stand",
}
"""What each kind is, for people."""

FILE = "brushes.json"
"""Where the brushes of a model lie, beside its weights."""

assert set(KINDS) == set(get_args(Kind))
