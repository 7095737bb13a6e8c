"""What every command shares: how a field of a request is told to typer, and how a result is printed."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from inscape.types import JsonObject
from inscape.verbs import Argument, Parameter

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output instead of text.")
]


def emit(document: JsonObject, as_json: bool, text: str) -> None:
    """Print the result: the document with `--json`, the text for people otherwise."""
    sys.stdout.write((json.dumps(document, allow_nan=False) if as_json else text) + "\n")


def annotation_of(parameter: Parameter) -> object:
    """The type of an argument of a command, annotated as typer wants it."""
    option = parameter.option
    kind: Any = list[parameter.type] if parameter.many else parameter.type  # type: ignore[name-defined]
    kind = kind | None if parameter.optional else kind
    shared = {"help": option.help, "metavar": option.metavar, "min": parameter.least, "max": parameter.most}
    if isinstance(option, Argument):
        return Annotated[kind, typer.Argument(**shared)]
    flag = parameter.flag
    if parameter.type is bool and parameter.default is True:
        flag = f"{flag}/--no-{flag.removeprefix('--')}"
    return Annotated[kind, typer.Option(flag, **shared)]
