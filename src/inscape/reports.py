"""The base of every report: a table, a folder on disk, a page to look at."""

from __future__ import annotations

import html
import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from inscape import storage
from inscape.errors import FormatError, StorageError

if TYPE_CHECKING:
    from pandas import DataFrame


def escape(value: object) -> str:
    """Text made safe for HTML, attributes included."""
    return html.escape(str(value), quote=True)


def script_json(value: object) -> str:
    """JSON made safe to stand inside a `<script>` element."""
    text = json.dumps(value, allow_nan=False)
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
    )


class Report(ABC):
    """What a measurement found."""

    @abstractmethod
    def table(self) -> DataFrame:
        """The findings, a row each."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The content of `report.json`."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write everything into a folder that exists and is empty."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a report that was saved.

        Raises:
            FormatError: The folder holds no whole report of this kind.
        """

    def save(self, folder: Path | str) -> Path:
        """Write the report as a folder, whole or not at all; an older report there is replaced.

        Raises:
            StorageError: The folder cannot be written, or holds something that is not a report.
        """
        folder = check_folder(folder)
        with storage.atomic_folder(folder) as temporary:
            self.write(temporary)
        return folder

    def _repr_html_(self) -> str:
        return str(self.table().head(50).to_html(escape=True))


def check_folder(folder: Path | str) -> Path:
    """The folder, if a report can be written there; for verbs to ask before they measure anything.

    Raises:
        StorageError: It cannot be written, one stands in it, or it holds something that is not a report.
    """
    folder = Path(folder)
    storage.check_writable(folder)
    whole = folder.resolve()
    if Path.cwd().is_relative_to(whole):
        raise StorageError(
            f"A report takes the place of its folder, and {str(folder)!r} holds the one that you are in.",
            "Name a new folder.",
        )
    if folder.exists() and not (folder.is_dir() and (_is_report(folder) or not any(folder.iterdir()))):
        raise StorageError(
            f"{folder} holds other things than a report; writing one there would replace them.",
            "Choose an empty or new folder.",
        )
    return folder


def _is_report(folder: Path) -> bool:
    try:
        return {"kind", "schema_version"} <= set(read_report_json(folder))
    except FormatError:
        return False


def read_report_json(folder: Path | str) -> dict[str, Any]:
    """The content of a folder's `report.json`.

    Raises:
        FormatError: There is none, or it is damaged.
    """
    value = storage.read_json(Path(folder) / "report.json")
    if not isinstance(value, dict):
        raise FormatError(f"{Path(folder) / 'report.json'} does not hold a report.")
    return value
