"""The one frame of every page that a report is looked at on: one file that works from disk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inscape.reports.html import escape, read_template, script_json

_PACKAGE = "inscape.reports"


@dataclass(frozen=True)
class Page:
    """What a report shows inside the frame.

    Args:
        heading: Plain text; the title of the window too.
        facts: One line of figures, plain text.
        figure: The chart that a notebook shows, HTML; the body holds it where it belongs on the page.
        body: HTML, already escaped.
        style: CSS that this page alone needs.
        data: What the script reads, from the element with the id "data".
        script: JavaScript, after everything else.
    """

    heading: str
    facts: str
    figure: str
    body: str
    style: str = ""
    data: object = None
    script: str = ""

    def html(self) -> str:
        """The whole page."""
        data = f'<script type="application/json" id="data">{script_json(self.data)}</script>'
        return read_template(
            _PACKAGE,
            "frame.html",
            {
                "TITLE": escape(self.heading),
                "STYLE": read_template(_PACKAGE, "frame.css") + self.style,
                "FACTS": escape(self.facts),
                "BODY": self.body,
                "SCRIPT": f"{data}\n<script>{self.script}</script>" if self.script else "",
            },
        )

    def notebook(self, table: str) -> str:
        """Heading, chart and a table, for a notebook, which has no style of its own for them."""
        colours = dict(re.findall(r"(--plane-\d): (#\w+)", read_template(_PACKAGE, "frame.css"))[:6])
        style = "".join(f"{name}:{colour};" for name, colour in colours.items())
        heading = f"<b>{escape(self.heading)}</b><br>{escape(self.facts)}"
        return f'<div style="{style}overflow-x:auto">{heading}{self.figure}{table}</div>'
