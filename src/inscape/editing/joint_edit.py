"""Weight edits of several layers that belong together, as one edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.editing._value import EditValue
from inscape.editing.edit_file import write_edit
from inscape.editing.weight_edit import WeightEdit
from inscape.errors import RecipeError, ValueRangeError
from inscape.reports.html import described
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models import Model

_FIELDS = {"kind", "edits", "name", "made"}


@dataclass(frozen=True, eq=False)
class JointEdit(EditValue):
    """Change the weights of several layers at once.

    An edit is an immutable value. Two edits with the same content are equal.

    Args:
        edits: One for each layer, at the same strength.
        name: For display.
        made: Provenance. It changes nothing.

    Raises:
        ValueRangeError: There are none, or their strengths differ.
    """

    edits: tuple[WeightEdit, ...]
    name: str = ""
    made: JsonMapping = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that they are one edit."""
        object.__setattr__(self, "edits", tuple(self.edits))
        if len({edit.strength for edit in self.edits}) != 1:
            raise ValueRangeError(
                f"A joint edit has at least one edit, all at the same strength, got {len(self.edits)}."
            )

    def _repr_html_(self) -> str:
        return described(self.name or "Joint edit", {edit.layer: f"rank {edit.rank}" for edit in self.edits})

    @property
    def strength(self) -> float:
        """Factor on the change, from 0 to 4."""
        return self.edits[0].strength

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that it changes."""
        return tuple(edit.layer for edit in self.edits)

    def scaled(self, strength: float) -> JointEdit:
        """The same edit at another strength."""
        return replace(self, edits=tuple(edit.scaled(strength) for edit in self.edits))

    def transferred(self) -> JointEdit:
        """The same edit for any network that it fits, not only the one that it was made for."""
        return replace(self, edits=tuple(edit.transferred() for edit in self.edits))

    def check(self, model: Model) -> None:
        """Check that every edit fits a model; errors are those of `WeightEdit.check`."""
        for edit in self.edits:
            edit.check(model)

    @contextmanager
    def applied(self, model: Model) -> Iterator[None]:
        """Change the weights inside a `with` block, and restore the exact weights afterwards.

        Raises:
            LayerError, ShapeError: An edit does not fit the model.
            ConflictError: It was made for other weights.
        """
        with ExitStack() as stack:
            for edit in self.edits:
                stack.enter_context(edit.applied(model))
            yield

    def save(self, path: Path | str) -> Path:
        """Write it as a file of its own; see `save_edit`."""
        return write_edit(path, *self.parts())

    def parts(self) -> tuple[JsonObject, dict[str, Tensor]]:
        """What a file of its own holds: the description, and the arrays that it leaves out."""
        pairs = [edit.parts() for edit in self.edits]
        tensors = {
            f"{n}.{name}": each for n, (_, arrays) in enumerate(pairs) for name, each in arrays.items()
        }
        return self._document([description for description, _ in pairs]), tensors

    def to_json(self) -> JsonObject:
        """`{kind: "joint", edits, name, made}`; exact."""
        return self._document([edit.to_json() for edit in self.edits])

    def _document(self, edits: list[JsonObject]) -> JsonObject:
        return {"kind": "joint", "edits": edits, "name": self.name, "made": dict(self.made)}

    @classmethod
    def from_json(cls, value: JsonMapping) -> JointEdit:
        """Read what `to_json` wrote, validating everything.

        Raises:
            RecipeError: A field is missing, unknown, of the wrong kind or out of range.
        """
        document = {"name": "", "made": {}, **value}
        if differing := sorted(set(document) ^ _FIELDS):
            raise RecipeError(
                f"A joint edit has the fields {', '.join(sorted(_FIELDS))}; "
                f"{str(differing[0])[:100]!r} is missing or unknown."
            )
        rows, name, made = document["edits"], document["name"], document["made"]
        if not isinstance(rows, list) or not all(
            isinstance(row, Mapping) and row.get("kind") == "weights" for row in rows
        ):
            raise RecipeError("The edits of a joint edit are a list of weight edits.")
        if not isinstance(name, str) or len(name) > 1000 or not isinstance(made, Mapping):
            raise RecipeError("The name of a joint edit is a text, and 'made' an object.")
        try:
            return cls(tuple(WeightEdit.from_json(row) for row in rows), name, made)
        except ValueRangeError as error:
            raise RecipeError(error.detail, error.hint) from error
