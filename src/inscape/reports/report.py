"""The base of every report: kind, version, table, folder and page."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from inscape import storage
from inscape.errors import FormatError, StorageError
from inscape.reports.html import data_url
from inscape.reports.page import Page
from inscape.types import JsonObject

if TYPE_CHECKING:
    from pandas import DataFrame
    from torch import Tensor

Link: TypeAlias = Callable[[str], str]
"""From the name of a file beside the page to the address that the page gives it."""

VALUES = "values.safetensors"

_PLACES = {
    "artifacts": "inscape.dissection.artifacts",
    "atlas": "inscape.dissection.atlas_report",
    "dissection": "inscape.dissection.report",
    "effect": "inscape.dissection.effect_report",
    "explain": "inscape.dissection.evidence",
    "find": "inscape.dissection.concept_search",
    "lost": "inscape.photos.lost",
    "placement": "inscape.dissection.placement",
    "roles": "inscape.dissection.roles_report",
}
"""Where the reports of Inscape's own are, so that none is imported before a file asks for it."""

_KINDS: dict[str, type[Report]] = {}


class Report(ABC):
    """The result of a measurement: a dataclass whose fields become `report.json`.

    A subclass names itself in `kind`, and `load_report` then knows it.

    Attributes:
        kind: Of this report, in one word.
        versions: Of its `report.json` that can be read; the last is the one that is written.
        beside: Fields that have files of their own.
    """

    kind: ClassVar[str]
    versions: ClassVar[tuple[int, ...]] = (1,)
    beside: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        """Make the kind known."""
        _KINDS[cls.kind] = cls

    @abstractmethod
    def table(self) -> DataFrame:
        """The findings as a table, one row each."""

    @abstractmethod
    def heading(self) -> str:
        """The title."""

    @abstractmethod
    def facts(self) -> str:
        """The main figures in one line."""

    def sentence(self) -> str:
        """What a person reads in a terminal."""
        return f"{self.heading()}: {self.facts()}"

    def figure(self) -> str:
        """The chart, as HTML that needs nothing beside it; empty where there is none."""
        return ""

    def page(self, link: Link) -> Page:
        """What the page shows: the chart and the table, unless a kind has more to show."""
        figure, table = self.figure(), self.table().to_html(escape=True, index=False, border=0)
        body = f'<div class="chart">{figure}</div><div class="table">{table}</div>'
        return Page(self.heading(), self.facts(), figure, body)

    def files(self) -> Mapping[str, Callable[[], bytes]]:
        """Files beside the page that it shows, by name, each read when it is needed."""
        return {}

    def tensors(self) -> Mapping[str, Tensor]:
        """What `values.safetensors` holds; where there is nothing, the file is not written."""
        return {}

    def to_json(self) -> JsonObject:
        """The content of `report.json`."""
        fields = _adapter(type(self)).dump_python(self, mode="json", exclude=set(self.beside))
        return {"schema_version": self.versions[-1], "kind": self.kind, **fields}

    @classmethod
    def read(cls, document: JsonObject, folder: Path) -> Self:
        """The report of a checked `report.json`.

        Raises:
            Any of `KeyError`, `TypeError`, `ValueError`, `OSError`: It is damaged.
        """
        report: Self = _adapter(cls).validate_python(document)
        return report

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a report that was saved.

        Raises:
            FormatError: The folder holds no whole report of this kind, or one of a version that is not read.
        """
        folder, document = Path(folder), read_report_json(folder)
        kind, version = document.get("kind"), document.get("schema_version")
        if kind != cls.kind or version not in cls.versions:
            came = f"version {version}" if kind == cls.kind else f"{str(kind)[:80]!r}"
            raise FormatError(
                f"{folder} holds a report of {came}; expected {cls.kind!r} of version {cls.versions[-1]}.",
                "Measure again." if kind == cls.kind else "inscape.load_report opens one of any kind.",
            )
        try:
            return cls.read(document, folder)
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise FormatError(
                f"The report of kind {cls.kind!r} in {folder} is damaged ({reason})."
            ) from error

    def write(self, folder: Path) -> None:
        """Write everything into a folder that exists and is empty."""
        for name, read in self.files().items():
            storage.write_bytes(folder / name, read())
        if tensors := self.tensors():
            storage.save_tensors(folder / VALUES, tensors)
        storage.write_text(folder / "index.html", self.page(str).html())
        storage.write_json(folder / "report.json", self.to_json(), indent=None)

    def save(self, folder: Path | str) -> Path:
        """Write the report as a folder atomically; an older report there is replaced.

        Raises:
            StorageError: The folder cannot be written, or holds something that is not a report.
        """
        folder = check_folder(folder)
        with storage.atomic_folder(folder) as temporary:
            self.write(temporary)
        return folder

    def html(self) -> str:
        """The page as one HTML text, with its pictures inside."""
        files = self.files()
        return self.page(lambda name: data_url(name, files[name]())).html()

    def save_html(self, path: Path | str) -> Path:
        """Write the page as one HTML file, with its pictures inside.

        Raises:
            StorageError: The folder cannot be written.
        """
        return storage.write_text(path, self.html())

    def summary(self) -> DataFrame:
        """The rows of the table that a notebook shows."""
        return self.table().head(50)

    def _repr_html_(self) -> str:
        table = self.summary().to_html(escape=True, index=False)
        return Page(self.heading(), self.facts(), self.figure(), "").notebook(table)


@cache
def _adapter(kind: type[Report]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def load_report(folder: Path | str) -> Report:
    """Open a report of any kind.

    Example:
        >>> load_report("report").table()

    Raises:
        FormatError: The folder holds no whole report, or one of a kind or version that is not known.
    """
    kind = str(read_report_json(folder).get("kind"))
    if kind in _PLACES:
        importlib.import_module(_PLACES[kind])
    if kind not in _KINDS:
        known = ", ".join(sorted({*_PLACES, *_KINDS}))
        raise FormatError(f"{folder} holds a report of kind {kind[:80]!r}.", f"Known kinds: {known}.")
    return _KINDS[kind].load(folder)


def check_folder(folder: Path | str) -> Path:
    """Check that a report can be written to a folder, before anything is measured.

    Raises:
        StorageError: It cannot be written, one stands in it, or it holds something that is not a report.
    """
    folder = Path(folder)
    storage.check_writable(folder)
    whole = folder.resolve()
    if Path.cwd().is_relative_to(whole):
        raise StorageError(
            f"A report replaces its folder, and {str(folder)!r} contains the current folder.",
            "Name a new folder.",
        )
    if folder.exists() and not (folder.is_dir() and (_is_report(folder) or not any(folder.iterdir()))):
        raise StorageError(
            f"{folder} holds other files than a report, and a report would replace them.",
            "Choose an empty or new folder.",
        )
    return folder


def _is_report(folder: Path) -> bool:
    try:
        return {"kind", "schema_version"} <= set(read_report_json(folder))
    except FormatError:
        return False


def read_report_json(folder: Path | str) -> JsonObject:
    """The content of a folder's `report.json`.

    Raises:
        FormatError: There is none, or it is damaged.
    """
    value = storage.read_json(Path(folder) / "report.json")
    if not isinstance(value, dict):
        raise FormatError(f"{Path(folder) / 'report.json'} does not hold a report.")
    return value
