"""What a rule of a classifier repairs, and what else it changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch

from inscape.sources.source import shown
from inscape.types import JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float, Int64
    from torch import Tensor

    from inscape.editing import WeightEdit
    from inscape.models import Model

_BATCH = 16


@dataclass(frozen=True)
class Repair:
    """What a rule did to the answers of a classifier.

    Attributes:
        pictures: How many it was measured on.
        errors: How many of them the new look changes the answer of.
        reach: Share of those whose answer is again that of the plain picture; None where there are none.
        leak: Share of the plain pictures whose answer the rule changes.
    """

    pictures: int
    errors: int
    reach: float | None
    leak: float

    def to_json(self) -> JsonObject:
        """The document that `--json` holds."""
        return asdict(self)

    def text(self) -> str:
        """What a person reads."""
        repaired = "" if self.reach is None else f", of which {self.reach:.1%} are read as before again"
        return (
            f"the new look changes {self.errors} of {self.pictures} answers{repaired}; "
            f"{self.leak:.1%} of the answers without it changed"
        )


def measure_repair(
    model: Model,
    edit: WeightEdit,
    plain: Float[Tensor, "count 3 height width"],
    changed: Float[Tensor, "count 3 height width"],
) -> Repair:
    """What a rule did, on pictures that it was not made from.

    Args:
        model: The classifier, without the rule.
        edit: The rule.
        plain: The pictures.
        changed: The same with the new look.
    """
    right, wrong = answers(model, plain), answers(model, changed)
    with model.edited([edit]):
        kept, repaired = answers(model, plain), answers(model, changed)
    errors = right != wrong
    count = int(errors.sum())
    reach = float((repaired == right)[errors].double().mean()) if count else None
    return Repair(len(plain), count, reach, float((kept != right).double().mean()))


def answers(model: Model, pictures: Float[Tensor, "count 3 height width"]) -> Int64[Tensor, "count"]:
    """The class that a classifier says of each picture."""
    with torch.no_grad():
        return torch.cat([shown(model, batch).argmax(1).cpu() for batch in pictures.split(_BATCH)])
