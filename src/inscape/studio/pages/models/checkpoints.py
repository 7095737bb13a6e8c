"""Checkpoints that people open in the page: from the folders that the launch named, or dropped upon it.

What is opened is kept as a model of the studio's own, card and safetensors, and is there after a restart.
A request names a folder by its number and a file in it by its name; it can name no module and no path.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from inscape import storage
from inscape.errors import ConflictError, InscapeError, NotFoundError, unknown_name
from inscape.studio.files import called, check_space, file_name, received
from inscape.studio.library import Library
from inscape.studio.shapes import Message
from inscape.types import JsonObject

LARGEST_FILE = 4 << 30
MOST_KEPT = 16 << 30
_MOST_LISTED = 500
_SOURCE = "source.json"
_ENDINGS = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".safetensors")


class CheckpointFile(Message):
    """A file that can be opened, in a folder that the launch named."""

    folder: int = Field(ge=0, description="Number of the folder.")
    place: str = Field(description="Path of the folder as shown.")
    name: str
    bytes: int
    model: str | None = Field(description="Name of the model that it was opened as, if that is still open.")


class CheckpointList(Message):
    """What can be opened."""

    files: list[CheckpointFile]
    largest: int = Field(description="Largest size of a dropped file, in bytes.")


class OpenCheckpoint(Message):
    """Which of those files to open."""

    folder: int = Field(ge=0)
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]


class Checkpoints:
    """Opens checkpoints, and keeps what was opened.

    Args:
        folders: Where files may be opened from.
        kept: Where models are kept.
        library: Gets them.
    """

    def __init__(self, folders: Sequence[Path], kept: Path, library: Library) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._kept = kept
        self._library = library
        for card in sorted(kept.glob("*/card.json")):
            library.add(card.parent.name, card.parent)

    def files(self) -> list[CheckpointFile]:
        """What lies in the named folders and may be a checkpoint, by its ending; no links to elsewhere."""
        found, opened = [], self._opened()
        for number, folder in enumerate(self._folders):
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                if path.suffix.lower() in _ENDINGS and path.is_file() and path.resolve().parent == folder:
                    state = storage.file_state(path)
                    file = CheckpointFile(
                        folder=number,
                        place=str(folder),
                        name=path.name,
                        bytes=state["bytes"],
                        model=next((name for name, source in opened.items() if source == state), None),
                    )
                    found.append(file)
        return found[:_MOST_LISTED]

    def open(self, folder: int, name: str) -> str:
        """Open a file of a named folder and keep it; one that is kept already, as it is now, stays.

        Returns:
            The name that it has.

        Raises:
            NotFoundError: There is no such file in that folder.
            FormatError, UnsupportedError: It cannot be opened; the message says why.
            TooLargeError: The kept models would take too much of the disk.
        """
        held = {each.name: each.model for each in self.files() if each.folder == folder}
        if name not in held:
            raise NotFoundError(*unknown_name("file", name[:120], held))
        return held[name] or self._take(self._folders[folder] / name, Path(name).stem)

    def take(self, path: Path) -> str:
        """Open a file that the launch named and keep it; one that is kept already, as it is now, stays.

        Returns:
            The name that it has.

        Raises:
            FormatError, UnsupportedError: It cannot be opened; the message says why.
            TooLargeError: The kept models would take too much of the disk.
        """
        state = storage.file_state(path)
        known = next((name for name, source in self._opened().items() if source == state), None)
        return known or self._take(path, path.stem)

    def _opened(self) -> JsonObject:
        """The files that kept models were opened from, as they were then, by the models' names."""
        found = {}
        for path in sorted(self._kept.glob(f"*/{_SOURCE}")):
            with suppress(InscapeError):
                found[path.parent.name] = storage.read_json(path)
        return found

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> str:
        """Take a dropped file in, open it and keep it; nothing stays of one that cannot be opened.

        Args:
            name: What the file was called; it names the model and nothing else.
            chunks: Its bytes.

        Returns:
            The name that it got.

        Raises:
            FormatError, UnsupportedError: It cannot be opened; the message says why.
            TooLargeError: The kept models would take too much of the disk.
        """
        return await received(self._kept, chunks, lambda path: self._take(path, Path(name).stem, shown=name))

    def forget(self, name: str) -> None:
        """Remove a model that was opened here.

        Raises:
            ModelNotFoundError: The studio offers no such model.
            ConflictError: It ships, or was named at the start.
        """
        folder = self._library.folder(name)
        if folder.parent != self._kept:
            raise ConflictError(f"{name!r} was not opened in the page, so it cannot be removed there.")
        self._library.remove(name)
        shutil.rmtree(folder, ignore_errors=True)

    def _take(self, path: Path, stem: str, *, shown: str = "") -> str:
        from inscape.models import open_model
        from inscape.models.building import TOKENIZER
        from inscape.models.language import LanguageModel
        from inscape.segmenters import segmenter_names

        with called(shown, path) if shown else nullcontext():
            model = open_model(path, device="cpu")
        weights = model.module.state_dict()
        size = sum(value.numel() * value.element_size() for value in weights.values())
        check_space(self._kept, size, MOST_KEPT, "models")
        name = self._free_name(stem)
        folder = self._kept / name
        with storage.atomic_folder(folder) as made:
            storage.save_tensors(made / "weights.safetensors", weights)
            known = model.card.segmenter if model.card.segmenter in segmenter_names() else None
            source = f"{model.card.source} {f'Dropped as {shown}' if shown else f'Opened from {path}'}."
            changes = {"name": name, "segmenter": known, "source": source.strip()}
            model.card.model_copy(update=changes).write(made / "card.json")
            if isinstance(model, LanguageModel) and model.reads_text:
                storage.write_text(made / TOKENIZER, model.tokenizer.to_str())
            if not shown:
                storage.write_json(made / _SOURCE, storage.file_state(path))
        self._library.add(name, folder)
        return name

    def _free_name(self, stem: str) -> str:
        plain = file_name(stem, "model")
        taken = self._library.taken()
        numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
        return plain if plain not in taken else next(name for name in numbered if name not in taken)
