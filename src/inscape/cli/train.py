"""`inscape train`: train a shipped model again, or longer."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from inscape.cli.common import Device, Json, Out, Seed, emit, progress


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="town, town-encoder, or town-segmenter.")],
    out: Out,
    minutes: Annotated[
        float,
        typer.Option("--minutes", min=0.01, help="How long: a generator this run, others all runs in --out."),
    ] = 60,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            help="Height and width in pixels: 64 or 128. 128 unless given; an encoder has its generator's.",
        ),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option("--images", min=1, help="A generator stops after so many pictures in all."),
    ] = None,
    start: Annotated[
        str,
        typer.Option(
            "--start",
            help="scratch, shipped, or a folder of an earlier run, which may have drawn smaller pictures.",
        ),
    ] = "scratch",
    device: Device = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Train a model on a world; goes on from what is in --out. Ctrl-C keeps the last checkpoint."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch then asks for large pages; read on import
    from inscape.training import train as run

    result = run(
        recipe,
        size=size,
        images=images,
        minutes=minutes,
        out=out,
        start=start,
        device=device,
        seed=seed,
        progress=progress(),
    )
    document = {"step": result.step, "images": result.images, "files": [str(file) for file in result.files]}
    emit(document, json, f"{result.images} pictures seen, {result.step} steps; see {out}")
