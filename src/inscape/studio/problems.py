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
            detail=f"Something went wrong that nobody foresaw ({type(error).__name__}).",
            hint="The terminal that runs `inscape studio` shows the details.",
        ),
        500,
    )


def respond(error: BaseException) -> JSONResponse:
    """The HTTP answer to an error."""
    problem, status = problem_of(error)
    return JSONResponse(problem.model_dump(), status)


def validation_problem(error: RequestValidationError) -> Problem:
    """The first field that cannot be read, in one sentence."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "path", "query"))
    detail = f"{place}: {first['msg']}." if place else f"{first['msg']}."
    return Problem(title="Cannot read that", detail=detail[:500], hint="")


def install(app: FastAPI) -> None:
    """Answer every error of an application with the one shape."""

    @app.exception_handler(InscapeError)
    async def _inscape(request: Request, error: InscapeError) -> JSONResponse:
        return respond(error)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse(validation_problem(error).model_dump(), 422)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        title = HTTPStatus(error.status_code).phrase
        body = Problem(title=title, detail=f"There is nothing at {request.url.path[:200]}.", hint="")
        if error.status_code != 404:
            body.detail = f"{request.method} {request.url.path[:200]}: {error.detail}."
        return JSONResponse(body.model_dump(), error.status_code, headers=error.headers)

    @app.exception_handler(ClientDisconnect)
    async def _gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody reads it: the upload was cancelled

    @app.exception_handler(Exception)
    async def _other(request: Request, error: Exception) -> JSONResponse:
        return respond(error)
