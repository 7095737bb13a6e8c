"""The base of every report: a table, a folder on disk, a page to look at."""

from __future__ import annotations

import html
import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from inscape import storage
from inscape.errors import FormatError

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
        folder = Path(folder)
        if (
            folder.exists()
            and not (folder / "report.json").exists()
            and (not folder.is_dir() or any(folder.iterdir()))
        ):
            from inscape.errors import StorageError

            raise StorageError(
                f"{folder} holds other things than a report; writing one there would replace them.",
                "Choose an empty or new folder.",
            )
        with storage.atomic_folder(folder) as temporary:
            self.write(temporary)
        return folder

    def _repr_html_(self) -> str:
        return str(self.table().head(50).to_html(escape=True))


def read_report_json(folder: Path | str) -> dict[str, Any]:
    """The content of a folder's `report.json`.

    Raises:
        FormatError: There is none, or it is damaged.
    """
    value = storage.read_json(Path(folder) / "report.json")
    if not isinstance(value, dict):
        raise FormatError(f"{Path(folder) / 'report.json'} does not hold a report.")
    return value
