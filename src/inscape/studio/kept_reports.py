"""Reports that pages measure and keep: what the page of a report shows, and its tables as files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from inscape.errors import NotFoundError
from inscape.studio.findings import Finding, Findings
from inscape.studio.shapes import Message
from inscape.types import JsonObject

if TYPE_CHECKING:
    from pandas import DataFrame

    from inscape.reports import Report


class ReportHead(Finding):
    """A kept report, in a list."""

    title: str
    facts: str = Field(description="The main figures in one line.")


class ReportList(Message):
    """The reports that are kept, the newest first."""

    reports: list[ReportHead]


class ReportTable(Message):
    """A table of a report as a file."""

    name: str = Field(description="Name of the file, without its suffix.")
    csv: str


class ReportBody(ReportHead):
    """A kept report as it is shown."""

    body: str = Field(description="HTML of the report's own page. Foreign text in it is escaped.")
    tables: list[ReportTable]


R = TypeVar("R", bound=ReportBody)


class KeptReports(Findings[R]):
    """The reports that a page has measured."""

    def heads(self, model: str) -> ReportList:
        """What is kept of a model."""
        fields = set(ReportHead.model_fields)
        shown = [one for one in self.all(model) if self.holds(one)]
        return ReportList(reports=[ReportHead(**one.model_dump(include=fields)) for one in shown])

    def one(self, model: str, identifier: str) -> R:
        """A kept report.

        Raises:
            NotFoundError: There is none.
        """
        found = self.kept(model, identifier)
        if found is None or not self.holds(found):
            raise NotFoundError(f"There is no report {identifier}.", "Measure again.")
        return found

    def holds(self, report: R) -> bool:
        """Whether a report that is kept is still true; another is not shown."""
        return True


def body_of(report: Report, tables: Mapping[str, DataFrame]) -> JsonObject:
    """The fields of a `ReportBody` that a report decides, and when it was made.

    Args:
        report: The report.
        tables: Its tables, by the names of their files.
    """
    page = report.page(str)
    return {
        "created": time.time(),
        "title": page.heading,
        "facts": page.facts,
        "body": page.body,
        "tables": [ReportTable(name=name, csv=table.to_csv(index=False)) for name, table in tables.items()],
    }
