"""The report that ships with a model, so that the first stroke needs no dissection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.dissection.report import DissectionReport
from inscape.errors import NotFoundError
from inscape.models import Model, folder_of

if TYPE_CHECKING:
    from pathlib import Path


def shipped_report_folder(model: Model | str) -> Path:
    """The folder of the report that ships with a model.

    Raises:
        ModelNotFoundError: No shipped model has this name.
        NotFoundError: It ships without a report.
    """
    name = model if isinstance(model, str) else model.name
    folder = folder_of(name) / "report"
    if not (folder / "report.json").is_file():
        raise NotFoundError(
            f"Model {name!r} ships without a report.", f"Make one: inscape dissect {name} --out report"
        )
    return folder


def shipped_report(model: Model | str) -> DissectionReport:
    """The dissection of a shipped model's default layer.

    Args:
        model: The model, or its name.

    Raises:
        ModelNotFoundError: No shipped model has this name.
        NotFoundError: It ships without a report.
        FormatError: The report is damaged.
    """
    return DissectionReport.load(shipped_report_folder(model))
