"""`inscape studio`: the web application."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from inscape.verbs import Option, Request
from inscape.verbs._options import Device


@dataclass(frozen=True)
class StudioRequest(Request):
    """Start the studio, the web application; Ctrl-C stops it."""

    host: Annotated[str, Option("Address to listen on; 0.0.0.0 admits other machines.")] = "127.0.0.1"
    port: Annotated[int, Option("Port to listen on; 0 takes any free port."), Ge(0), Le(65535)] = 7860
    browser: Annotated[bool, Option("Open the address in a browser.")] = True
    model: Annotated[
        tuple[str, ...],
        Option("Model to open at the start: a shipped model, a folder or a checkpoint; repeatable."),
    ] = ()
    checkpoints: Annotated[
        tuple[Path, ...], Option("Folder of checkpoints that the page Models offers; repeatable.")
    ] = ()
    report: Annotated[
        tuple[Path, ...],
        Option("Folder of a dissection report to show, as of a classifier over photos; repeatable."),
    ] = ()
    device: Device = "auto"


def studio(request: StudioRequest, as_json: bool) -> None:
    """Serve until it is interrupted; the address is printed once it is there.

    Raises:
        MissingExtraError: The packages of the studio are not installed.
        UsageError: A folder of checkpoints is not a folder.
        ModelNotFoundError: There is no such model, or a report is of a model that is not offered.
        FormatError: A folder holds no dissection report.
    """
    from importlib.util import find_spec

    from inscape.errors import MissingExtraError, UsageError

    for package in ("fastapi", "uvicorn", "websockets"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "studio")
    from inscape.studio.server import serve
    from inscape.studio.studio import Settings

    _set_up_logging()
    for folder in request.checkpoints:
        if not folder.is_dir():
            raise UsageError(f"--checkpoints takes folders, got {folder}, which is not a folder.")
    if request.report:
        from inscape.dissection import DissectionReport

        for folder in request.report:
            DissectionReport.load(folder)
    folders, files = _sorted(request.model)
    settings = Settings(
        host=request.host,
        port=request.port,
        device=request.device,
        models=folders,
        files=files,
        checkpoints=request.checkpoints,
        reports=request.report,
    )

    def started(address: str) -> None:
        text = f"Inscape studio: {address}\nCtrl-C ends it."
        sys.stdout.write((json.dumps({"address": address}) if as_json else text) + "\n")
        sys.stdout.flush()

    serve(settings, started=started, browser=request.browser)


def _sorted(models: tuple[str, ...]) -> tuple[dict[str, Path], tuple[Path, ...]]:
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
