"""The web application: the routes of all pages, and those that every page asks, behind a gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import Field
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from inscape import __version__
from inscape.studio import problems
from inscape.studio.jobs import JobInfo, JobList
from inscape.studio.page import ERRORS, StudioOf, pages
from inscape.studio.security import Gate
from inscape.studio.shapes import Message, Problem
from inscape.studio.studio import Settings, Studio
from inscape.types import JsonObject
from inscape.verbs import NAMES, Request, command_line, verb

STATIC = Path(__file__).parent / "static"
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Inscape</title>
<h1>The front end of the studio is not built</h1>
<p>In a clone, run <code>make studio</code>. The wheel contains it.</p></html>"""
router = APIRouter(prefix="/api")


class StudioInfo(Message):
    """What the page needs to know at first."""

    version: str
    default_model: str | None = Field(description="None if no generator is shipped or named.")
    ready: bool = Field(description="Whether the default model has been loaded.")
    device: str
    segmenters: list[str] = Field(description="Segmenters for a model whose card names none.")
    failure: Problem | None = Field(default=None, description="Why the default model could not be loaded.")


class Line(Message):
    """A line that would do something in a terminal."""

    line: str = Field(description="Quoted for a shell, without options that have their default.")


@router.get("/studio", operation_id="getStudio", responses=ERRORS)
def get_studio(studio: StudioOf) -> StudioInfo:
    """Version, default model, and whether it has been loaded."""
    default = studio.library.default()
    return StudioInfo(
        version=__version__,
        default_model=default,
        ready=default is not None and studio.library.opened(default),
        device=studio.settings.device,
        segmenters=studio.library.segmenters(),
        failure=studio.failure,
    )


@router.get("/jobs", operation_id="listJobs", responses=ERRORS)
def list_jobs(studio: StudioOf) -> JobList:
    """All jobs of this launch."""
    return JobList(jobs=studio.jobs.all())


@router.get("/jobs/{job}", operation_id="getJob", responses=ERRORS)
def get_job(job: str, studio: StudioOf) -> JobInfo:
    """One job, with its result when it is done."""
    return studio.jobs.get(job)


@router.delete("/jobs/{job}", operation_id="cancelJob", responses=ERRORS)
def cancel_job(job: str, studio: StudioOf) -> JobInfo:
    """Stop a job between two batches; one that has ended leaves the list."""
    return studio.jobs.cancel(job)


def _add_line(name: str) -> None:
    """A route whose body is the verb's request."""

    def line(request: Request) -> Line:
        return Line(line=command_line(request))

    line.__doc__ = f"The command line that would run a request of `inscape {name}`; nothing is run."
    line.__annotations__["request"] = verb(name).request
    router.post(
        f"/lines/{verb(name).slug}", operation_id=f"lineOf{name.title().replace(' ', '')}", responses=ERRORS
    )(line)


for _name in NAMES:
    _add_line(_name)


def create_app(settings: Settings, *, static: Path = STATIC) -> ASGIApp:
    """The application of one launch, gate included.

    Args:
        settings: How it is started.
        static: Where the built page is.
    """
    found = pages().values()
    api = create_api(Studio(settings, [page.open for page in found]))
    _serve_page(api, static)
    largest = {address: most for page in found for address, most in page.uploads.items()}
    return Gate(api, token=settings.token, host=settings.host, port=settings.port, largest=largest)


def create_api(studio: Studio | None) -> FastAPI:
    """The routes without gate and page; without a studio, to describe them."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if studio is not None:
            studio.compute.submit(studio.warm)
        yield
        if studio is not None:
            studio.close()

    api = FastAPI(
        title="Inscape studio",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    api.state.studio = studio
    problems.install(api)
    api.router.routes.extend(_routes())
    return api


@cache
def _routes() -> list[BaseRoute]:
    """The routes of all pages, made ready for requests once for all applications of this process."""
    every = APIRouter()
    every.include_router(router, tags=["studio"])
    for name, page in pages().items():
        every.include_router(page.router, tags=[name])
    return every.routes


def openapi() -> JsonObject:
    """The description that the page's types are generated from, WebSocket messages included."""
    api = create_api(None)
    document = get_openapi(title=api.title, version="1", routes=api.routes)
    _, extra = models_json_schema(
        [(message, "validation") for page in pages().values() for message in page.messages],
        ref_template="#/components/schemas/{model}",
    )
    schemas = {**extra.get("$defs", {}), **document["components"]["schemas"]}
    del schemas["Result"]  # the pages' own classes stand in its place
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _serve_page(api: FastAPI, static: Path) -> None:
    if (static / "index.html").is_file():
        api.mount("/", _Page(directory=static, html=True), name="page")
        return

    @api.get("/", include_in_schema=False)
    def not_built() -> HTMLResponse:
        return HTMLResponse(_NOT_BUILT, 503)


class _Page(StaticFiles):
    """The built page; hashed assets are kept by the browser, the page itself is not."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        hashed = "/assets/" in str(args[0])
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response
