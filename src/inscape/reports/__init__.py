"""Reports: what measurements found, as tables, folders and pages."""

from inscape.reports.html import bars, data_url, described, escape, percent, read_template
from inscape.reports.page import Page
from inscape.reports.report import Link, Report, check_folder, load_report, read_report_json

__all__ = [
    "Link",
    "Page",
    "Report",
    "bars",
    "check_folder",
    "data_url",
    "described",
    "escape",
    "load_report",
    "percent",
    "read_report_json",
    "read_template",
]
