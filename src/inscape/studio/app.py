"""The web application: routes behind a gate, and the built page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from inscape import __version__
from inscape.studio import problems, socket, socket_schemas
from inscape.studio.routes import jobs, layers, lines, models, paintings, photos, rewriting
from inscape.studio.security import Gate
from inscape.studio.studio import Settings, Studio

STATIC = Path(__file__).parent / "static"
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Inscape</title>
<h1>The page of the studio has not been built</h1>
<p>In a clone, <code>make studio</code> builds it; the wheel brings it along.</p></html>"""
_WEBSOCKET_MESSAGES = (
    socket_schemas.PaintGround,
    socket_schemas.PaintRequest,
    socket_schemas.PaintFrame,
    socket_schemas.PaintError,
)


def create_app(settings: Settings, *, static: Path = STATIC) -> ASGIApp:
    """The application of one launch, gate included.

    Args:
        settings: How it is started.
        static: Where the built page is.
    """
    api = create_api(Studio(settings))
    _serve_page(api, static)
    return Gate(api, token=settings.token, host=settings.host, port=settings.port)


def create_api(studio: Studio | None) -> FastAPI:
    """The routes without gate and page; without a studio, to describe them."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if studio is not None:
            studio.open()
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
    for part in (models, layers, jobs, lines, paintings, photos, rewriting, socket):
        api.include_router(part.router)
    return api


def openapi() -> dict[str, Any]:
    """The description that the page's types are generated from, WebSocket messages included."""
    api = create_api(None)
    document = get_openapi(title=api.title, version="1", routes=api.routes)
    _, extra = models_json_schema(
        [(message, "validation") for message in _WEBSOCKET_MESSAGES],
        ref_template="#/components/schemas/{model}",
    )
    document["components"]["schemas"] = dict(
        sorted({**extra.get("$defs", {}), **document["components"]["schemas"]}.items())
    )
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
