"""What verbs with a report share: its options, writing and result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from inscape.verbs._parameters import Option
from inscape.verbs._request import Document

if TYPE_CHECKING:
    from inscape.reports import Report

Folder = Annotated[Path | None, Option("Folder to write the report and its page to.")]
Html = Annotated[Path | None, Option("Also write the page to this file, with its pictures inside.")]


def check_places(out: Path | None, html: Path | None) -> None:
    """Refuse places that cannot be written, before anything is measured.

    Args:
        out: The folder of the report.
        html: The file of the page alone.

    Raises:
        StorageError: One cannot be written, or the folder holds other things than a report.
    """
    from inscape.reports import check_folder
    from inscape.storage import check_writable

    if out is not None:
        check_folder(out)
    if html is not None:
        check_writable(html)


def write_report(report: Report, out: Path | None, html: Path | None) -> None:
    """Write a report where a person wants it; the places are those of `check_places`.

    Raises:
        StorageError: A place cannot be written; it says where the report was saved instead.
    """
    from inscape.storage import save_or_rescue

    saves = (out, report.save), (html, report.save_html)
    save_or_rescue(*[(place, save) for place, save in saves if place is not None])


@dataclass(frozen=True)
class ReportResult:
    """The result of a verb that measures a report."""

    report: Report

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return self.report.to_json()

    def text(self) -> str:
        """What a person reads."""
        return self.report.sentence()
