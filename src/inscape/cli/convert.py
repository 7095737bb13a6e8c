"""`inscape convert`: a checkpoint in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inscape.cli.common import Device, Format, Json, Template, emit


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="A shipped model, a folder or a checkpoint.")],
    path: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    format: Format = None,
    template: Template = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Write a model in another format, and say how far its pictures are from those before."""
    from inscape.models import open_model, write_model

    written = write_model(open_model(source, device=device), path, format=format, template=template)
    emit(
        {"files": [str(written.path)], "max_difference": written.max_difference},
        json,
        f"{written.path} ({written.format}); pictures differ by {written.max_difference:.1e} at most.",
    )
