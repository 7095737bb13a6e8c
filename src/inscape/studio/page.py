"""Pages: each is a folder of `pages`, found by its name, with one object that says all of it.

What the routes of pages share is here too: where they find the studio, and what they answer.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Response
from starlette.requests import HTTPConnection

from inscape.studio.shapes import Message, Problem
from inscape.studio.studio import State, Studio
from inscape.types import JsonObject

S = TypeVar("S", bound=State)


@dataclass(frozen=True)
class Page:
    """A page of the studio, server half: `pages/NAME/page.py` holds one as `PAGE`.

    Its kinds of jobs follow from its classes of `Result`.

    Args:
        router: Its routes, over HTTP and WebSockets.
        open: Makes its state when the studio is opened: mostly the class of its state.
        messages: What it says over WebSockets; OpenAPI would not find them otherwise.
        uploads: Addresses that take larger bodies than others, and how many bytes.
    """

    router: APIRouter
    open: Callable[[Studio], State] = State
    messages: tuple[type[Message], ...] = ()
    uploads: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def pages() -> dict[str, Page]:
    """Every page by its name, which is that of its folder."""
    folder = importlib.import_module("inscape.studio.pages")
    names = [each.name for each in pkgutil.iter_modules(folder.__path__)]
    return {name: importlib.import_module(f"{folder.__name__}.{name}.page").PAGE for name in names}


def studio_of(connection: HTTPConnection) -> Studio:
    """The studio that an application serves."""
    studio: Studio = connection.app.state.studio
    return studio


def state_of(kind: type[S]) -> Callable[[HTTPConnection], S]:
    """Gives a route the state of its page, as `Annotated[STATE, Depends(state_of(STATE))]`."""

    def found(connection: HTTPConnection) -> S:
        return studio_of(connection).state(kind)

    return found


StudioOf = Annotated[Studio, Depends(studio_of)]

Answers = dict[int | str, JsonObject]
ERRORS: Answers = {"default": {"model": Problem, "description": "Title, detail and hint of the error."}}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE = {"application/octet-stream": _BYTES}
BINARY: Answers = {200: {"content": _FILE}, **ERRORS}
"""Of a route that answers with a file."""
UPLOAD: JsonObject = {"requestBody": {"required": True, "content": _FILE}}
"""Of a route whose body is the bytes of a file, as `openapi_extra`."""


def image(data: bytes, kind: str, *, keep_seconds: int = 600) -> Response:
    """A picture as an answer that the browser may keep for a while."""
    return Response(
        data, media_type=f"image/{kind}", headers={"Cache-Control": f"private, max-age={keep_seconds}"}
    )


def image_answers(kind: str) -> Answers:
    """What OpenAPI says of a route that answers with a picture."""
    return {200: {"content": {f"image/{kind}": _BYTES}}, **ERRORS}
