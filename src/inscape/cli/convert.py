"""`inscape convert`: a checkpoint in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inscape.cli.common import Device, Json, emit


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="A shipped model, a folder or a checkpoint.")],
    path: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="safetensors, nvidia, rosinality, progan or dcgan; as the suffix says, or as it was.",
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            "--template", help="A file of that format and those sizes: OUT is a copy with other weights."
        ),
    ] = None,
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
