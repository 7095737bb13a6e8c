"""Rules of classifiers from pairs of pictures, for `inscape rewrite`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inscape.errors import UnsupportedError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from inscape.editing import WeightEdit
    from inscape.models import Model
    from inscape.progress import Progress
    from inscape.rewriting import PairTask, Repair
    from inscape.verbs.rewrite import RewriteRequest

_SIZE = 224
"""Of pictures, for models that do not say what they take."""


def pair_rule(request: RewriteRequest, progress: Progress) -> tuple[WeightEdit, Repair | None, float]:
    """Make the rule, write it and measure it.

    Raises:
        UsageError: The request asks for what rules from pairs do not have.
        FormatError, NotFoundError: The task or one of its pictures is damaged or missing.
        UnsupportedError, LayerError: The model is no classifier, or the layer has nothing to rewrite.
    """
    from dataclasses import replace

    from inscape.models import open_model
    from inscape.rewriting import PairRewriter, PairTask
    from inscape.storage import save_or_rescue

    if request.layer == "advice":
        raise UsageError("--layer advice is for generators. Name a layer of the classifier.")
    task = PairTask.load(request.task)
    given = {"rank": request.rank, "ridge": request.ridge}
    changes = {name: value for name, value in given.items() if value is not None}
    settings = replace(task.rule_settings, **changes)  # type: ignore[arg-type]
    model = open_model(request.model, device=request.device, progress=progress)
    if model.card.kind != "classifier":
        raise UnsupportedError(
            f"{request.task} describes a rule by pairs of pictures, which needs a classifier; "
            f"{model.name!r} is {model.card.noun}."
        )
    size = model.card.image_size or _SIZE
    pairs = task.pairs(size)
    judged = task.judged(size) if task.judge is not None and request.images else None
    ordinary = task.ordinary_pictures(size)
    rewriter = PairRewriter(model, request.layer or task.layer, ordinary, progress=progress)
    started = time.perf_counter()
    edit = replace(rewriter.rewrite(pairs, settings, progress=progress), name=task.name)
    seconds = time.perf_counter() - started
    save_or_rescue((request.out, edit.save))
    repair = None if judged is None else _measured(model, edit, task, judged, request.images)
    return edit, repair, seconds


def _measured(
    model: Model, edit: WeightEdit, task: PairTask, judged: tuple[list[Path], list[Path]], images: int
) -> Repair:
    from inscape.rewriting import measure_repair

    plain, changed = (task.pictures(files[:images], model.card.image_size or _SIZE) for files in judged)
    return measure_repair(model, edit, plain, changed)
