"""The kinds of edits that files may hold, and edits as files of their own.

To add a kind, give it `to_json` with its own "kind", `from_json`, and a line in `KINDS`. A file names a
kind by a word of this table, never by anything that could be imported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from inscape import storage
from inscape.editing.unit_edit import UnitEdit
from inscape.errors import FormatError, RecipeError, UsageError, unknown_name

KINDS: dict[str, Callable[[Mapping[str, Any]], UnitEdit]] = {"units": UnitEdit.from_json}
"""Readers by the word that stands in a file."""

SUFFIX = ".edit.safetensors"
_METADATA = "inscape"


def edit_from_json(value: object) -> UnitEdit:
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


def save_edit(edit: UnitEdit, path: Path | str) -> Path:
    """Write an edit as a file of its own, whole or not at all.

    Args:
        edit: Any edit.
        path: Ends in `.edit.safetensors`.

    Raises:
        UsageError: The name ends in something else.
        StorageError: The folder cannot be written.
    """
    import torch

    path = Path(path)
    if not path.name.endswith(SUFFIX):
        raise UsageError(f"An edit is saved under a name that ends in {SUFFIX}, got {path.name!r}.")
    description = edit.to_json()
    tensors = {
        "units": torch.tensor(description.pop("units"), dtype=torch.int64),
        "values": torch.from_numpy(edit.targets.copy()),
    }
    description.pop("values")
    return storage.save_tensors(path, tensors, {_METADATA: json.dumps({"schema_version": 1, **description})})


def load_edit(path: Path | str) -> UnitEdit:
    """Read an edit that was saved as a file of its own.

    Raises:
        FormatError: The file is missing, damaged or holds no edit.
    """
    tensors, metadata = storage.load_tensors(path)
    try:
        description = json.loads(metadata[_METADATA])
        version = description.pop("schema_version")
        units = tensors["units"].tolist()
        values = tensors["values"].float().tolist()
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise FormatError(f"{path} holds no edit.", f"Edits are files that end in {SUFFIX}.") from error
    if version != 1:
        raise RecipeError(f"{path} is an edit of version {version!r}; this Inscape reads version 1.")
    removing = description.get("mode") == "remove"
    return edit_from_json({**description, "units": units, "values": [] if removing else values})
