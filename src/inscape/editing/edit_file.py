"""The file of one edit: a safetensors file of its arrays, with the rest as JSON in the metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import UsageError
from inscape.types import JsonMapping

if TYPE_CHECKING:
    from torch import Tensor

SUFFIX = ".edit.safetensors"
METADATA = "inscape"


def write_edit(path: Path | str, description: JsonMapping, tensors: Mapping[str, Tensor]) -> Path:
    """Write the file of an edit atomically.

    Args:
        path: Ends in `.edit.safetensors`.
        description: The edit as JSON, without its arrays.
        tensors: The arrays.

    Raises:
        UsageError: The name ends in something else.
        StorageError: The folder cannot be written.
    """
    metadata = {METADATA: json.dumps({"schema_version": 1, **description})}
    return storage.save_tensors(check_name(path), tensors, metadata)


def check_name(path: Path | str) -> Path:
    """The path, if an edit can be saved under it.

    Raises:
        UsageError: The name ends in something else than `.edit.safetensors`.
    """
    path = Path(path)
    if not path.name.endswith(SUFFIX):
        raise UsageError(f"An edit is saved under a name that ends in {SUFFIX}, got {path.name!r}.")
    return path
