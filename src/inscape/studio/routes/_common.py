"""What the routes share: the studio behind them, and what their errors look like."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from inscape.studio.schemas import Problem
from inscape.studio.studio import Studio

ERRORS: dict[int | str, dict[str, Any]] = {"default": {"model": Problem, "description": "What went wrong."}}


def studio_of(request: Request) -> Studio:
    """The studio that an application serves."""
    studio: Studio = request.app.state.studio
    return studio


StudioOf = Annotated[Studio, Depends(studio_of)]


def image(data: bytes, kind: str, *, keep_seconds: int = 600) -> Response:
    """A picture as an answer that the browser may keep for a while."""
    return Response(
        data, media_type=f"image/{kind}", headers={"Cache-Control": f"private, max-age={keep_seconds}"}
    )


def image_answers(kind: str) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of a route that answers with a picture."""
    return {200: {"content": {f"image/{kind}": {"schema": {"type": "string", "format": "binary"}}}}} | ERRORS
