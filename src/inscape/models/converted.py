"""The cache of converted checkpoints, which makes the second opening fast.

The key is the content of the file and the version of this code, so neither its name nor its date matters, and
what is there is right whoever wrote it. Entries are written whole, so two processes may meet; the oldest go
when the cache is full. Each remembers the file that it was last opened from, so that it can be listed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import InscapeError
from inscape.models.card import Card
from inscape.progress import Progress
from inscape.types import JsonObject

if TYPE_CHECKING:
    from inscape.models.model import Model

_VERSION = 5
_SOURCE = "source.json"
_MOST_BYTES = 4 << 30
_SETTLED = 2_000_000_000  # nanoseconds; a file that is changed again sooner may have the same date


def folder_for(path: Path, progress: Progress, *, remembered: bool) -> Path:
    """Where the converted form of a checkpoint is kept, once it is.

    Args:
        path: The file, which is read for its hash.
        progress: Receives the progress of that.
        remembered: Whether a file that has not changed since it was last opened is not read again.
    """
    if remembered and (folder := _remembering(path)) is not None:
        return folder
    with progress.task(f"Reading {path.name}", total=path.stat().st_size >> 20, unit="MB") as task:
        key = storage.content_key(storage.file_hash(path, task.advance), _VERSION)
    return storage.cache_folder() / "models" / key


def _remembering(path: Path) -> Path | None:
    """The entry of a file as it is now."""
    state = _state(path)
    folders = (storage.cache_folder() / "models").glob("*")
    return next((folder for folder in folders if _is_settled(folder, state)), None)


def _is_settled(folder: Path, state: JsonObject) -> bool:
    """Whether an entry was opened from a file in this state, a while after the file was changed."""
    try:
        made = (folder / _SOURCE).stat().st_mtime_ns
    except OSError:
        return False
    return made > state["changed"] + _SETTLED and _remembered(folder) == state


def _state(path: Path) -> JsonObject:
    """What tells that a file is the same one, and unchanged."""
    known = path.stat()
    return storage.file_state(path) | {"inode": known.st_ino, "moved": known.st_ctime_ns, "version": _VERSION}


def cached(folder: Path, path: Path) -> Card | None:
    """The card of the entry of a checkpoint, or None where there is none that can be read."""
    try:
        card = Card.read(folder / "card.json") if (folder / "weights.safetensors").is_file() else None
    except InscapeError:
        return None
    if card is not None:
        with suppress(InscapeError, OSError):
            (folder / "card.json").touch()  # the oldest entries go first
            if not _is_settled(folder, _state(path)):
                storage.write_json(folder / _SOURCE, _state(path))
    return card


def entries() -> Iterator[tuple[Path, Card]]:
    """The checkpoints whose converted form is here, in the order of their paths, and their cards.

    Those that have gone, moved or changed since are left out: opening them would give something else.
    """
    found = {}
    for folder in sorted((storage.cache_folder() / "models").glob("*")):
        with suppress(InscapeError, OSError):
            state = _remembered(folder)
            if state is not None and state == _state(Path(state["path"])):
                path = Path(state["path"])
                found[path] = Card.read(folder / "card.json").model_copy(update={"name": path.stem})
    yield from sorted(found.items())


def _remembered(folder: Path) -> JsonObject | None:
    """The file that an entry was last opened from; None where that cannot be read."""
    try:
        state = storage.read_json(folder / _SOURCE)
    except InscapeError:
        return None
    return state if isinstance(state, dict) and isinstance(state.get("path"), str) else None


def keep(model: Model, folder: Path) -> None:
    """Write an entry; where that fails, the checkpoint is converted again next time."""
    storage.keep(folder, lambda: _write(model, folder))


def _write(model: Model, folder: Path) -> None:
    assert model.origin is not None
    with storage.writing(folder):
        with storage.atomic_folder(folder) as made:
            storage.save_tensors(made / "weights.safetensors", model.module.state_dict())
            model.card.write(made / "card.json")
            storage.write_json(made / _SOURCE, _state(model.origin))
        _prune(folder)


def _prune(newest: Path) -> None:
    entries = sorted(
        (entry for entry in newest.parent.iterdir() if (entry / "card.json").is_file() and entry != newest),
        key=lambda entry: (entry / "card.json").stat().st_mtime,
        reverse=True,
    )
    held = _bytes(newest)
    for entry in entries:
        held += _bytes(entry)
        if held > _MOST_BYTES:
            shutil.rmtree(entry, ignore_errors=True)


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
