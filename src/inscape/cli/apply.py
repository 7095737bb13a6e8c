"""`inscape apply`: a checkpoint with edits in its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inscape.cli.common import Device, Format, Json, ModelName, Template, emit


def apply(
    model: ModelName,
    edits: Annotated[
        list[Path], typer.Argument(metavar="EDIT…", help="Weight edits, in the order in which they apply.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The checkpoint to write.")],
    format: Format = None,
    template: Template = None,
    strength: Annotated[
        float, typer.Option("--strength", min=0, max=4, help="How much of every edit is made.")
    ] = 1.0,
    transfer: Annotated[
        bool, typer.Option("--transfer", help="Apply edits that were made for other weights, where they fit.")
    ] = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Write a new checkpoint with edits in its weights, in the format that it came in."""
    from inscape.editing import WeightEdit, load_edit
    from inscape.errors import UnsupportedError
    from inscape.models import open_model, write_model

    opened = open_model(model, device=device)
    read = []
    for path in edits:
        edit = load_edit(path)
        if not isinstance(edit, WeightEdit):
            raise UnsupportedError(
                f"{path} switches units and changes no weights, so no checkpoint can hold it.",
                "Keep it as a recipe: `inscape paint` writes them.",
            )
        edit = edit.scaled(edit.strength * strength)
        read.append(edit.transferred() if transfer else edit)
    with opened.edited(read):
        written = write_model(opened, out, format=format, template=template)
    document = {"files": [str(written.path)], "format": written.format, "edits": len(read)}
    emit(document, json, f"{written.path} ({written.format}) with {len(read)} edits")
