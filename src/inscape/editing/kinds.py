"""The kinds of edits that files may hold, and edits as files of their own.

To add a kind, give it `to_json` with its own "kind", `from_json`, `parts`, and a line in `KINDS`. A file
names a kind by a word of this table, never by anything that could be imported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from inscape import storage
from inscape.editing.edit_file import METADATA, SUFFIX, write_edit
from inscape.editing.joint_edit import JointEdit
from inscape.editing.unit_edit import UnitEdit
from inscape.editing.weight_edit import WeightEdit, packed
from inscape.errors import FormatError, RecipeError, unknown_name
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from torch import Tensor

AnyEdit: TypeAlias = UnitEdit | WeightEdit | JointEdit
"""An edit of any kind."""

KINDS: dict[str, Callable[[JsonMapping], AnyEdit]] = {
    "units": UnitEdit.from_json,
    "weights": WeightEdit.from_json,
    "joint": JointEdit.from_json,
}
"""Readers by the word that stands in a file."""


def edit_from_json(value: object) -> AnyEdit:
    """Read an edit of any kind.

    Raises:
        RecipeError: It is not an edit, or of a kind that this version does not know.
    """
    if not isinstance(value, Mapping):
        raise RecipeError("An edit is an object with the field 'kind'.")
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RecipeError(*unknown_name("kind of edit", str(kind)[:100], KINDS))
    return KINDS[kind](value)


def save_edit(edit: AnyEdit, path: Path | str) -> Path:
    """Write an edit to a file atomically.

    Args:
        edit: Any edit.
        path: Ends in `.edit.safetensors`.

    Raises:
        UsageError: The name ends in something else.
        StorageError: The folder cannot be written.
    """
    return write_edit(path, *edit.parts())


def load_edit(path: Path | str) -> AnyEdit:
    """Read an edit that was saved as a file of its own.

    Raises:
        FormatError: The file is missing, damaged or holds no edit.
    """
    tensors, metadata = storage.load_tensors(path)
    try:
        description = json.loads(metadata[METADATA])
        version = description.pop("schema_version")
        if version != 1:
            raise RecipeError(f"{path} is an edit of version {version!r}; this Inscape reads version 1.")
        return edit_from_json(_put_back(description, tensors))
    except RecipeError:
        raise
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise FormatError(f"{path} holds no edit.", f"Edits are files that end in {SUFFIX}.") from error


def _put_back(description: JsonObject, tensors: Mapping[str, Tensor]) -> JsonObject:
    if description["kind"] == "joint":
        edits = [
            _put_back(edit, {name: tensors[f"{number}.{name}"] for name in ("directions", "coefficients")})
            for number, edit in enumerate(description["edits"])
        ]
        return {**description, "edits": edits}
    if description["kind"] == "weights":
        arrays = (tensors["directions"].float().numpy(), tensors["coefficients"].float().numpy())
        return description | dict(zip(("directions", "coefficients"), map(packed, arrays), strict=True))
    values = [] if description.get("mode") == "remove" else tensors["values"].float().tolist()
    return {**description, "units": tensors["units"].tolist(), "values": values}
