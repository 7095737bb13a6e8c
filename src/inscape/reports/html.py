"""Pieces of HTML that pages, notebooks and reports are put together from; foreign text is escaped in each."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import PurePath

_BAR = "display:inline-block;height:.8em;background:var(--plane-0)"
_KINDS = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}


def escape(value: object) -> str:
    """Text made safe for HTML, attributes included."""
    return html.escape(str(value), quote=True)


def script_json(value: object) -> str:
    """JSON made safe to stand inside a `<script>` element."""
    text = json.dumps(value, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def data_url(name: str, data: bytes) -> str:
    """The content of a picture's file as an address that needs no file; its kind is that of the name."""
    return f"data:{_KINDS[PurePath(name).suffix]};base64,{base64.b64encode(data).decode()}"


def percent(value: float | None) -> str:
    """A fraction as a person reads it; a dash where there is none."""
    return "–" if value is None else f"{value * 100:.1f} %"


def described(heading: str, facts: Mapping[str, object], picture: str = "") -> str:
    """A heading, a picture and named facts, as a notebook shows a value.

    Args:
        heading: Plain text.
        facts: By name; what is None or empty is left out.
        picture: HTML, already escaped.
    """
    rows = "".join(
        f"<tr style='text-align:left'><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in facts.items()
        if value not in (None, "")
    )
    return f"<div><b>{escape(heading)}</b>{picture}<table>{rows}</table></div>"


def bars(rows: Iterable[tuple[str, float, str]]) -> str:
    """A table with a bar in every row: its name, its length from 0 to 1, and what is said of it."""
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(said)}</td><td class='length'>"
        f"<span style='{_BAR};width:{12 * min(1.0, max(0.0, length)):.2f}rem'></span></td></tr>"
        for name, length, said in rows
    )
    return f"<table>{cells}</table>"


def read_template(package: str, name: str, parts: Mapping[str, str] | None = None) -> str:
    """A file of a package's `templates`, with its places, written `@@PLACE@@`, filled.

    Args:
        package: Dotted name.
        name: Of the file.
        parts: HTML by place; what they hold is never taken for a place itself.
    """
    text = files(package).joinpath("templates", name).read_text(encoding="utf-8")
    if parts is None:
        return text
    pieces = text.split("@@")
    return "".join(parts[piece] if number % 2 else piece for number, piece in enumerate(pieces))
