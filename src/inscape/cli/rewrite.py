"""`inscape rewrite`: a rule from a task file, and what it changed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inscape.cli.common import Device, Json, ModelName, emit, open_generator, progress

if TYPE_CHECKING:
    from inscape.audits import Audit, Change, Trial
    from inscape.editing import WeightEdit
    from inscape.models import Generator
    from inscape.rewriting.task import PreparedTask, Task
    from inscape.segmenters import Segmenter


def rewrite(
    model: ModelName,
    task: Annotated[Path, typer.Option("--task", help="A task as TOML (see docs/rewriting.md).")],
    layer: Annotated[
        str | None,
        typer.Option("--layer", help="A layer's name, or 'advice' to try all; the task's unless given."),
    ] = None,
    rank: Annotated[int | None, typer.Option("--rank", min=1, help="How many directions change.")] = None,
    ridge: Annotated[
        float | None, typer.Option("--ridge", min=0, help="What a change of the weights costs.")
    ] = None,
    images: Annotated[int, typer.Option("--images", min=0, help="Pictures to measure on; 0: none.")] = 500,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path("rule.edit.safetensors"),
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Change a rule in the weights: what a model draws in one context, it draws as something else."""
    from inscape import storage
    from inscape.audits import Audit
    from inscape.editing import check_name
    from inscape.rewriting import Rewriter
    from inscape.rewriting.task import Task, prepare_task

    storage.check_writable(check_name(out))
    wanted = Task.load(task)
    generator = open_generator(
        model, "cpu" if device == "auto" else device, "rewrite"
    )  # rules are made there
    segmenter = _segmenter(generator, wanted)
    if segmenter:
        for concept in _judged(wanted):
            segmenter.vocabulary.index(concept)  # refused before anything is computed
    prepared = prepare_task(wanted, generator, segmenter)
    measured = segmenter if images and wanted.judged else None
    audit = Audit(generator, measured, images=images, progress=progress()) if measured else None
    settings = prepared.settings
    settings = replace(
        settings,
        rank=settings.rank if rank is None else rank,
        ridge=settings.ridge if ridge is None else ridge,
    )
    prepared = replace(prepared, settings=settings)
    chosen = layer or wanted.layer
    trials = _trials(prepared, generator, audit, wanted) if chosen == "advice" else []
    rewriter = Rewriter(generator, trials[0].layer if trials else chosen, samples=prepared.settings.samples)
    rewriter.prepare(progress())
    prepared = prepared.fitted(rewriter)
    started = time.perf_counter()
    edit = prepared.make(rewriter, progress=progress())
    seconds = time.perf_counter() - started
    edit.save(out)
    change = _measured(audit, edit, wanted)
    document = {
        "edit": str(out),
        "layer": edit.layer,
        "rank": edit.rank,
        "loss": edit.made["loss"],
        "loss_before": edit.made["loss_before"],
        "change": edit.made["change"],
        "reach": change.reach if change else None,
        "leak": change.leak if change else None,
        "measured": change.to_json() if change else None,
        "layers": [trial.to_json() for trial in trials],
        "seconds": seconds,
    }
    emit(document, json, _sentence(out, edit, change, seconds))


def _judged(task: Task) -> list[str]:
    """Every concept that a task is judged by."""
    context, goals = task.judged or (None, None)
    return [concept for concept in (context, *(goals or ())) if concept is not None]


def _segmenter(generator: Generator, task: Task) -> Segmenter | None:
    """The segmenter that fits, where the task needs or can use one."""
    from inscape.dissection.variants import fitting_segmenter

    if generator.card.segmenter is None and task.context.concept is None and task.judged is None:
        return None
    return fitting_segmenter(generator)


def _trials(prepared: PreparedTask, generator: Generator, audit: Audit | None, task: Task) -> list[Trial]:
    from inscape.audits import advise, rewritable_layers
    from inscape.errors import UsageError

    if audit is None or task.judged is None:
        raise UsageError(
            "Advice on layers measures reach and leak: the task has to say what is judged.",
            "Give [judge] a context, and --images more than 0.",
        )
    layers, rank = rewritable_layers(generator), prepared.settings.rank
    make = prepared.maker(generator)
    return advise(make, audit, task.judged, layers, (rank,), progress=progress())


def _measured(audit: Audit | None, edit: WeightEdit, task: Task) -> Change | None:
    if audit is None or task.judged is None:
        return None
    return audit.measure([edit], *task.judged, progress=progress())


def _sentence(path: Path, edit: WeightEdit, change: Change | None, seconds: float) -> str:
    text = (
        f"{path}: rank {edit.rank} in {edit.layer}, {seconds:.2f} s; distance to the goal "
        f"{edit.made['loss_before']:.3f}, now {edit.made['loss']:.3f}; "
        f"weights moved by {edit.made['change']:.0%}"
    )
    if change is None:
        return text
    return f"{text}; reach {change.reach:.1%}, leak {change.leak:.1%} over {change.pictures} pictures"
