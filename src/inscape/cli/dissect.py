"""`inscape dissect`: which unit of a layer matches which concept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inscape.cli.common import (
    Classes,
    Device,
    Json,
    Layer,
    ModelName,
    Out,
    emit,
    open_generator,
    progress,
)

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport

_PRINTED = ("model", "layer", "images", "seed", "classes", "units", "rankings", "concepts", "seconds")


def dissect(
    model: ModelName,
    out: Out,
    layer: Layer = None,
    images: Annotated[int, typer.Option("--images", min=4, help="Pictures to look at.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the first picture.")] = 0,
    segmenter: Annotated[
        str | None, typer.Option("--segmenter", help="What labels the pictures; the card's own unless given.")
    ] = None,
    label_size: Annotated[
        int | None, typer.Option("--label-size", min=4, max=1024, help="Where units and labels are compared.")
    ] = None,
    classes: Classes = None,
    top: Annotated[int, typer.Option("--top", min=1, max=64, help="Top pictures kept per unit.")] = 8,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Find out which unit matches which concept; writes report.json and index.html. Resumes after a kill."""
    from inscape.dissection import dissect as run
    from inscape.reports import check_folder

    check_folder(out)
    generator = open_generator(model, device, "dissect", classes)
    report = run(
        generator,
        layer,
        images,
        segmenter=segmenter,
        seed=seed,
        label_size=label_size,
        progress=progress(),
        top=top,
    )
    report.save(out)
    emit(document(report, out), json, text(report, out))


def document(report: DissectionReport, out: Path) -> dict[str, Any]:
    """What `--json` prints: `report.json` without what only the page needs, and the files."""
    whole = report.to_json()
    files = [str(out / name) for name in ("report.json", "index.html", "values.safetensors")]
    return {**{name: whole[name] for name in _PRINTED}, "files": files}


def text(report: DissectionReport, out: Path) -> str:
    """What a person reads."""
    counting = sum(finding.counts for finding in report.findings)
    concepts = sorted(report.concepts.items(), key=lambda row: -row[1])
    listed = ", ".join(f"{name} {count}" for name, count in concepts) or "none"
    return (
        f"{counting} of {len(report.findings)} units of {report.layer} match a concept: {listed}\n"
        f"Open {out / 'index.html'}"
    )
