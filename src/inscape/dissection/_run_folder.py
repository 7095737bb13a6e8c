"""The folder of a run that may be stopped: the next run of the same content finds what is in it.

Its name is a key of everything that goes in. It is removed when the run succeeds.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inscape import storage

_PRIVATE = "private-"


def is_private(folder: Path) -> bool:
    """Whether no other run can take up a folder."""
    return folder.name.startswith(_PRIVATE)


@contextmanager
def run_folder(root: Path, key: str | None, described: object) -> Iterator[Path]:
    """The folder of a run: named by its key; a private one where that is not known or in use.

    It is removed when the block succeeds, and stays for the next attempt when it does not.

    Args:
        root: Where the folder is made.
        key: Names everything that goes in; None where that cannot be told.
        described: What is written to its `plan.json`, which says early where nothing can be written.

    Raises:
        StorageError: The folder cannot be written.
    """
    private = f"{_PRIVATE}{uuid.uuid4().hex[:12]}"
    name = private if key is None else key
    with _lock(root / f"{name}.lock") as free:
        folder = root / (name if free else private)
        storage.write_json(folder / "plan.json", described)
        try:
            yield folder
        except BaseException:
            if is_private(folder):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Whether this process holds the lock; a lock dies with its process."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield True
        return
    if not path.exists():
        storage.write_text(path, "")
    with path.open("r") as stream:
        free = False
        with suppress(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        try:
            yield free
        finally:
            if free:
                path.unlink(missing_ok=True)
