"""`inscape studio`: the web application."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

import typer

from inscape.cli.common import Json
from inscape.verbs._options import DEVICE


def studio(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; 0.0.0.0 admits other machines.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes any free port.")
    ] = 7860,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the address in a browser.")
    ] = True,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="Model to open at the start: a shipped model, a folder or a checkpoint; repeatable.",
        ),
    ] = None,
    checkpoints: Annotated[
        list[Path] | None,
        typer.Option("--checkpoints", help="Folder of checkpoints that the page Models offers; repeatable."),
    ] = None,
    device: Annotated[str, typer.Option("--device", help=DEVICE.help)] = "auto",
    json: Json = False,
) -> None:
    """Start the studio, the web application; Ctrl-C stops it."""
    from importlib.util import find_spec

    from inscape.errors import MissingExtraError, UsageError

    for package in ("fastapi", "uvicorn", "websockets"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "studio")
    from inscape.studio.server import serve
    from inscape.studio.studio import Settings

    _set_up_logging()
    for folder in checkpoints or []:
        if not folder.is_dir():
            raise UsageError(f"--checkpoints takes folders, got {folder}, which is not a folder.")
    folders, files = _sorted(model or [])
    settings = Settings(
        host=host,
        port=port,
        device=device,
        models=folders,
        files=files,
        checkpoints=tuple(checkpoints or ()),
    )

    def started(address: str) -> None:
        text = (
            f"Inscape studio: {address}\nCtrl-C ends it."
            if not json
            else json_module.dumps({"address": address})
        )
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    serve(settings, started=started, browser=browser)


def _sorted(models: list[str]) -> tuple[dict[str, Path], tuple[Path, ...]]:
    """Folders of models, by the names on their cards, and files.

    Raises:
        ModelNotFoundError: One is neither, nor a shipped model.
    """
    from inscape.errors import ModelNotFoundError
    from inscape.models import Card, folder_of, names

    folders: dict[str, Path] = {}
    files: list[Path] = []
    for model in models:
        path = Path(model)
        if path.is_file():
            files.append(path)
        elif path.is_dir():
            folders[Card.read(path / "card.json").name] = path
        elif model in names():
            folders[model] = folder_of(model)
        else:
            raise ModelNotFoundError(
                f"There is no file, folder or shipped model {model!r}.",
                f"Shipped: {', '.join(names())}.",
            )
    return folders, tuple(files)


def _set_up_logging() -> None:
    import logging

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="inscape: %(message)s")
