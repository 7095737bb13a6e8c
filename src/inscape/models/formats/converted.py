"""The cache of converted checkpoints: what was opened once is read from safetensors the next time.

The key is the content of the file and the version of this code, so neither its name nor its date matters, and
what is there is right whoever wrote it. Entries are written whole, so two processes may meet; the oldest go
when the cache is full.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import InscapeError
from inscape.models.card import Card

if TYPE_CHECKING:
    from inscape.models.model import Model

_VERSION = 2
_MOST_BYTES = 4 << 30


def folder_for(path: Path) -> Path:
    """Where the converted form of a checkpoint is kept, once it is."""
    return storage.cache_folder() / "models" / storage.content_key(storage.file_hash(path), _VERSION)


def cached(folder: Path) -> Card | None:
    """The card of an entry, or None where there is none that can be read."""
    try:
        card = Card.read(folder / "card.json") if (folder / "weights.safetensors").is_file() else None
    except InscapeError:
        return None
    if card is not None:
        (folder / "card.json").touch()  # the oldest entries go first
    return card


def keep(model: Model, folder: Path) -> None:
    """Write an entry; a full or unwritable disk is no trouble, the checkpoint itself is still there."""
    try:
        with storage.atomic_folder(folder) as made:
            storage.save_tensors(made / "weights.safetensors", model.module.state_dict())
            model.card.write(made / "card.json")
        _prune(folder)
    except (InscapeError, OSError):
        return


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
