"""From a request to the command that parses its fields; of a verb, also runs it and prints what it found."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any, TypeVar

from inscape.cli.common import Json, annotation_of, emit
from inscape.progress import TerminalProgress
from inscape.verbs import Request, Verb, parameters_of

_ENVIRONMENT = {"train": {"THP_MEM_ALLOC_ENABLE": "1"}}
"""What torch reads when it is imported: to train, it asks for large pages."""
R = TypeVar("R", bound=Request)


def command(verb: Verb) -> Callable[..., None]:
    """A function whose arguments are the fields of the verb's request, and `--json`; it runs the verb."""

    def answer(request: Request, as_json: bool) -> None:
        for name, value in _ENVIRONMENT.get(verb.name, {}).items():
            os.environ.setdefault(name, value)
        result = verb.run(request, TerminalProgress())
        emit(result.to_json(), as_json, result.text())

    return asking(verb.request, verb.help, answer)


def asking(request: type[R], help: str, answer: Callable[[R, bool], None]) -> Callable[..., None]:
    """A function whose arguments are the fields of a request, and `--json`.

    Args:
        request: The class of the request.
        help: What the command does.
        answer: Given the request, and whether `--json` was said.
    """

    def call(**given: Any) -> None:
        as_json = given.pop("json")
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        answer(request(**values), as_json)

    parameters = parameters_of(request)
    annotations = {parameter.name: annotation_of(parameter) for parameter in parameters} | {"json": Json}
    defaults = {
        parameter.name: inspect.Parameter.empty if parameter.required else parameter.default
        for parameter in parameters
    } | {"json": False}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, kind, default=defaults[name], annotation=annotation)
            for name, annotation in annotations.items()
        ]
    )
    call.__annotations__ = annotations
    call.__doc__ = help
    return call
