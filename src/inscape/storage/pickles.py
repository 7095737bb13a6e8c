"""Read pickles without running code in them.

A pickle is a program: Python's own reader calls whatever it names. This one interprets the opcodes itself
and can make containers, numbers, text, tensors and records. A name that is not in `MAKERS` or `NAMES`, and
every object of it, is a `Placeholder`: data that nothing can call. A file that is nothing else, a name that
runs commands, and an opcode that is not in `Machine` end the reading. Nothing is imported, nothing is called
on behalf of a file, and nothing is written to the disk.

Three containers are read: bare pickles (NVIDIA's), the zip archives of `torch.save`, and its older form,
where the storages follow the pickle. Weights stay where they are: tensors are views of the file, which is
mapped privately.
"""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inscape.errors import FormatError
from inscape.storage._pickle_machine import Budget, Machine, Window
from inscape.storage._pickle_makers import unread
from inscape.storage._pickled import Array, Items, Module, PickleLimits, Placeholder, Record, Text
from inscape.storage._torch_files import LEGACY_MAGIC, archive, embedded, legacy, refresh_checksums
from inscape.storage.files import write_bytes

__all__ = ["Array", "Foreign", "Items", "Module", "PickleLimits", "Placeholder", "Record", "read_pickle"]


@dataclass(frozen=True, eq=False)
class Foreign:
    """The content of a foreign file.

    Attributes:
        path: The file.
        container: "pickle", "torch" (a zip archive) or "torch-legacy".
        value: Containers, numbers, text, tensors, records and placeholders. The tensors are views of a
            private copy of the file: what is written into them is not in the file, but `save` writes it.
        texts: Texts of a pickle that hold tensors, in the order of the file.
    """

    path: Path
    container: str
    value: Any
    content: memoryview
    texts: Sequence[Text] = ()

    def save(self, path: Path | str) -> Path:
        """Write the file with its current tensors atomically.

        Args:
            path: Where to; the file itself may be written over.
        """
        if self.container == "torch":
            refresh_checksums(self.content)
        if not self.texts:
            return write_bytes(path, self.content)
        parts: list[bytes | memoryview] = []
        at = 0
        for text in self.texts:
            parts += [self.content[at : text.span.start], text.encoded()]
            at = text.span.stop
        return write_bytes(path, b"".join([*parts, self.content[at:]]))


def read_pickle(path: Path | str, limits: PickleLimits | None = None) -> Foreign:
    """Read a pickle or a checkpoint of `torch.save` without running anything that is in it.

    Args:
        path: The file. It stays mapped as long as a tensor of it is alive.
        limits: Where reading stops.

    Raises:
        FormatError: It is no such file, it is damaged or too large, or it asks for something that is not read
            from files. The message names the file and the trouble.
    """
    path, limits = Path(path), limits or PickleLimits()
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            if size == 0 or size > limits.bytes:
                raise FormatError("it is empty" if size == 0 else f"it is larger than {limits.bytes} bytes")
            view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY))
        container, value, texts = _read(view, Budget(limits.operations, size), limits)
        if isinstance(value, Placeholder) and value.state is None:
            raise unread(value)
    except FormatError as error:
        raise FormatError(f"{path} cannot be read: {error.detail.rstrip('.')}.", error.hint) from error
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    return Foreign(path, container, value, view, texts)


def _read(view: memoryview, budget: Budget, limits: PickleLimits) -> tuple[str, object, list[Text]]:
    window = Window(view)
    try:
        if bytes(view[:4]) == b"PK\x03\x04":
            return "torch", archive(view, budget, limits), []
        machine = Machine(window, budget, limits, archives=embedded)
        first = machine.run()
        if type(first) is int and first == LEGACY_MAGIC:
            return "torch-legacy", legacy(machine.window, budget, limits), []
        return "pickle", first, sorted(machine.texts, key=lambda text: text.end)
    except FormatError:
        raise
    except zipfile.BadZipFile as error:
        raise FormatError("it is a damaged archive", "Copy or download the file again.") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, EOFError) as error:
        if bytes(view[:1]) == b"\x80" and window.at == len(view):
            raise FormatError(*_cut(view)) from error
        raise FormatError("it is no pickle, or a damaged one") from error
    except (RuntimeError, NotImplementedError, MemoryError, UnicodeError) as error:
        raise FormatError("it is damaged") from error


def _cut(view: memoryview) -> tuple[str, str]:
    return (
        f"it ends too early, after {len(view):,} bytes: half a download, or a damaged copy",
        "Copy or download the file again.",
    )
