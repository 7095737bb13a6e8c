"""Files that people send and download: nothing in their names can lead elsewhere."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from inscape import storage
from inscape.errors import InscapeError, StorageError, TooLargeError
from inscape.studio.compute import Compute

T = TypeVar("T")


def file_name(text: str, otherwise: str = "edit") -> str:
    """What people called something, as part of a file's name: nothing in it can lead elsewhere."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:60] or otherwise


async def received(folder: Path, chunks: AsyncIterator[bytes], take: Callable[[Path], T]) -> T:
    """Take in a file that is sent; nothing else stays of it. `Page.uploads` says how large it may be.

    Args:
        folder: Holds it meanwhile.
        chunks: Its bytes.
        take: Called with the file, in a thread of its own.
    """
    with storage.scratch_file(folder) as path:
        with path.open("wb") as stream:
            async for chunk in chunks:
                await run_in_threadpool(stream.write, chunk)
        return await run_in_threadpool(take, path)


@contextmanager
def called(name: str, path: Path) -> Iterator[None]:
    """Errors in the block name a file as the person knows it."""
    try:
        yield
    except InscapeError as error:
        raise type(error)(error.detail.replace(str(path), repr(name[:120])), error.hint) from error


def check_space(folder: Path, needed: int, most: int, things: str) -> None:
    """Refuse what would take too much of the disk.

    Args:
        folder: Holds a folder for each thing.
        needed: Bytes of the new one.
        most: Bytes that all may have.
        things: What they are, for people: "photos".

    Raises:
        TooLargeError: There is no room for it.
    """
    held = sum(file.stat().st_size for file in folder.glob("*/*") if file.is_file())
    if held + needed > most:
        raise TooLargeError(
            f"The {things} kept here may take {most >> 30} GB of the disk; this one would pass it.",
            "Delete one that is not needed any more.",
        )


async def sent(compute: Compute, folder: Path, name: str, write: Callable[[Path], None]) -> FileResponse:
    """Write a file in the compute thread, and send it; it is gone then.

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
