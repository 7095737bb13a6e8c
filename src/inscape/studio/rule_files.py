"""Files that the page Rewrite downloads: written into a folder of their own, gone once they were sent."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import FileResponse
from pydantic import TypeAdapter, ValidationError
from starlette.background import BackgroundTask

from inscape.errors import StorageError, UsageError
from inscape.studio.rule_schemas import StackEntry

if TYPE_CHECKING:
    from inscape.studio.compute import Compute

_STACK: TypeAdapter[list[StackEntry]] = TypeAdapter(list[StackEntry])


def file_name(text: str, otherwise: str = "rule") -> str:
    """What people called something, as part of a file's name: nothing in it can lead elsewhere."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:60] or otherwise


def parse_stack(text: str) -> list[StackEntry]:
    """`0123456789abcdef:0.5,…` as a stack.

    Raises:
        UsageError: It is not written like that.
    """
    rows = []
    for part in filter(None, text.split(",")):
        rule, _, strength = part.partition(":")
        rows.append({"rule": rule, "strength": strength or "1"})
    try:
        return _STACK.validate_python(rows)
    except ValidationError as error:
        raise UsageError(
            f"Rules are listed as identifier:strength, separated by commas, got {text[:100]!r}."
        ) from error


async def sent(compute: Compute, folder: Path, name: str, write: Callable[[Path], None]) -> FileResponse:
    """Write a file in the compute thread, and send it.

    Args:
        compute: Where it is written.
        folder: Holds the file until it was sent.
        name: Under which it is downloaded.
        write: Writes it.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=folder))
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}.") from error
    try:
        await compute.run(lambda: write(place / name))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    gone = BackgroundTask(shutil.rmtree, place, ignore_errors=True)
    return FileResponse(place / name, filename=name, media_type="application/octet-stream", background=gone)
