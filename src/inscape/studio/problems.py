"""Every error as the one shape that the page reads: title, detail, hint."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from inscape.errors import InscapeError
from inscape.studio.shapes import Problem

logger = logging.getLogger("inscape")


def problem_of(error: BaseException) -> tuple[Problem, int]:
    """The problem and the HTTP status that an error stands for.

    What is not meant for people is logged, and named by its class alone.
    """
    if isinstance(error, InscapeError):
        detail = error.detail[:1].upper() + error.detail[1:]
        return Problem(title=error.title, detail=detail, hint=error.hint), error.status
    if isinstance(error, MemoryError):
        return Problem(title="Not enough memory", detail="The machine has not enough memory for this."), 507
    logger.error("unexpected error", exc_info=error)
    return (
        Problem(
            title="An error of Inscape itself",
            detail=f"Inscape failed unexpectedly ({type(error).__name__}).",
            hint="The terminal that runs `inscape studio` shows the details.",
        ),
        500,
    )


def respond(error: BaseException) -> JSONResponse:
    """The HTTP answer to an error."""
    problem, status = problem_of(error)
    return JSONResponse(problem.model_dump(), status)


async def answer(request: Request, error: Exception) -> Response:
    """The HTTP answer to an error of a route, or of what stands before routes."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # nobody reads it: the upload was cancelled
    if isinstance(error, RequestValidationError):  # the first field that cannot be read, in one sentence
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part not in ("body", "path", "query"))
        detail = f"{place}: {first['msg']}." if place else f"{first['msg']}."
        return JSONResponse(Problem(title="Cannot read that", detail=detail[:500]).model_dump(), 422)
    if not isinstance(error, HTTPException):
        return respond(error)
    where, title = request.url.path[:200], HTTPStatus(error.status_code).phrase
    detail = f"{request.method} {where}: {error.detail}."
    if error.status_code == 404:
        detail = f"There is nothing at {where}."
    body = Problem(title=title, detail=detail).model_dump()
    return JSONResponse(body, error.status_code, headers=error.headers)


def install(app: FastAPI) -> None:
    """Answer every error of an application with the one shape."""
    for kind in (InscapeError, RequestValidationError, HTTPException, ClientDisconnect, Exception):
        app.add_exception_handler(kind, answer)
