"""`inscape rewrite`: a rule from a task file, and what it changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.errors import UsageError
from inscape.verbs._generators import open_generator
from inscape.verbs._options import Device, ModelName, Workers
from inscape.verbs._parameters import Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.audits import Audit, Change, Repair, Trial
    from inscape.editing import WeightEdit
    from inscape.editing.rule_settings import RuleSettings
    from inscape.models import Generator
    from inscape.parallel import Executor
    from inscape.progress import Progress
    from inscape.rewriting.prepared_task import PreparedTask
    from inscape.rewriting.task import Task
    from inscape.segmenters import Segmenter


@dataclass(frozen=True)
class RewriteRequest(Request):
    """Change a rule in the weights of a generator or a classifier.

    A task file names a context and what a generator draws there instead, or pictures that a classifier should
    read as others. Writes the change as an edit, and measures its reach and leak.
    """

    model: ModelName
    task: Annotated[Path, Option("Task file in TOML (see docs/rewriting.md).")]
    layer: Annotated[
        str | None, Option("Name of the layer, or advice to try all layers. [default: the task's layer]")
    ] = None
    rank: Annotated[
        int | None,
        Option("Number of directions of the keys that change, 1 to 30. [default: the task's]"),
        Ge(1),
    ] = None
    ridge: Annotated[
        float | None,
        Option("Cost of a change of the weights; less makes a stronger rule. [default: the task's]"),
        Ge(0),
    ] = None
    images: Annotated[
        int, Option("Number of pictures to measure reach and leak on; 0 measures nothing."), Ge(0)
    ] = 500
    segmenter: Annotated[str | None, Option("Segmenter that labels the pictures. [default: the card's]")] = (
        None
    )
    out: Annotated[Path, Option("Edit file to write.")] = Path("rule.edit.safetensors")
    workers: Workers = "1"
    device: Device = "auto"


@dataclass(frozen=True)
class RewriteResult:
    """The rule, and what it changed.

    Args:
        path: The file that it was written to.
        edit: The rule.
        change: Its reach and leak; None where nothing was measured.
        repair: The same of a rule of a classifier.
        trials: What the layers that were tried came to.
        seconds: How long making it took, without what was prepared for it.
    """

    path: Path
    edit: WeightEdit
    change: Change | None
    trials: tuple[Trial, ...]
    seconds: float
    repair: Repair | None = None

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        edit, change = self.edit, self.change
        measured = change or self.repair
        return {
            "edit": str(self.path),
            "layer": edit.layer,
            "rank": edit.rank,
            "loss": edit.made["loss"],
            "loss_before": edit.made["loss_before"],
            "change": edit.made["change"],
            "reach": measured.reach if measured else None,
            "leak": measured.leak if measured else None,
            "measured": measured.to_json() if measured else None,
            "layers": [trial.to_json() for trial in self.trials],
            "seconds": self.seconds,
        }

    def text(self) -> str:
        """What a person reads."""
        edit, change = self.edit, self.change
        text = (
            f"{self.path}: rank {edit.rank} in {edit.layer}, {self.seconds:.2f} s; distance to the goal "
            f"{edit.made['loss_before']:.3f}, now {edit.made['loss']:.3f}; "
            f"weights moved by {edit.made['change']:.0%}"
        )
        if self.repair is not None:
            return f"{text}; {self.repair.text()}"
        if change is None:
            return text
        return f"{text}; reach {change.reach:.1%}, leak {change.leak:.1%} over {change.pictures} pictures"


def run(request: RewriteRequest, progress: Progress) -> RewriteResult:
    """Read the task, prepare the layer, make the rule, write it and measure what it changed.

    Raises:
        UsageError: The file's name is none of an edit, or advice was asked for and nothing is measured.
        FormatError: The task is damaged.
        ModelNotFoundError, UnsupportedError, LayerError, ConceptError: The task names something that does not
            exist.
    """
    from inscape import storage
    from inscape.editing import check_name
    from inscape.parallel import open_executor
    from inscape.rewriting.pair_task import is_pair_task
    from inscape.rewriting.prepared_task import prepare_task
    from inscape.rewriting.task import Task

    storage.check_writable(check_name(request.out))
    device = "cpu" if request.device == "auto" else request.device  # rules are made there
    if is_pair_task(request.task):
        return _pair_rule(request, device, progress)
    task = Task.load(request.task)
    generator = open_generator(request.model, device, "rewrite", progress=progress)
    segmenter = _segmenter(generator, task, request.segmenter)
    prepared = _adjusted(prepare_task(task, generator, segmenter), request)
    with open_executor(request.workers) as executor:
        audit = _audit(generator, segmenter, task, request.images, progress, executor)
        return _made(request, task, generator, prepared, audit, progress)


def _made(
    request: RewriteRequest,
    task: Task,
    generator: Generator,
    prepared: PreparedTask,
    audit: Audit | None,
    progress: Progress,
) -> RewriteResult:
    """The rule, written and measured."""
    from inscape.rewriting import Rewriter
    from inscape.storage import save_or_rescue

    layer = request.layer or task.layer
    trials = _trials(prepared, generator, audit, task, progress) if layer == "advice" else []
    layer = trials[0].layer if trials else layer
    rewriter = Rewriter(generator, layer, samples=prepared.settings.samples)
    rewriter.prepare(progress)
    prepared = prepared.fitted(rewriter)
    started = time.perf_counter()
    edit = prepared.make(rewriter, progress=progress)
    seconds = time.perf_counter() - started
    save_or_rescue((request.out, edit.save))
    change = audit.measure([edit], *task.judged, progress=progress) if audit and task.judged else None
    return RewriteResult(request.out, edit, change, tuple(trials), seconds)


def _pair_rule(request: RewriteRequest, device: str, progress: Progress) -> RewriteResult:
    """The rule of a classifier, written and measured.

    Raises:
        UsageError: The request asks for what rules from pairs do not have.
        FormatError, NotFoundError: The task or one of its pictures is damaged or missing.
        UnsupportedError, LayerError: The model is no classifier, or the layer has nothing to rewrite.
    """
    from inscape.audits import measure_repair
    from inscape.models import open_model
    from inscape.rewriting import PairRewriter, PairTask
    from inscape.storage import save_or_rescue

    if request.layer == "advice":
        raise UsageError("--layer advice is for generators. Name a layer of the classifier.")
    if request.segmenter is not None:
        raise UsageError("--segmenter is for generators; a rule from pairs needs none. Leave it out.")
    task = PairTask.load(request.task)
    settings = _settings(task.rule_settings, request)
    model = open_model(request.model, device=device, progress=progress)
    size = model.card.shown_size
    pairs = task.pairs(size)
    judged = task.judged(size, request.images) if task.judge is not None and request.images else None
    ordinary = task.ordinary_pictures(size)
    rewriter = PairRewriter(model, request.layer or task.layer, ordinary, progress=progress)
    started = time.perf_counter()
    edit = rewriter.rewrite(pairs, settings, spread=task.spread, progress=progress)
    edit = replace(edit, name=task.name)
    seconds = time.perf_counter() - started
    save_or_rescue((request.out, edit.save))
    repair = None if judged is None else measure_repair(model, edit, *judged)
    return RewriteResult(request.out, edit, None, (), seconds, repair)


def _segmenter(generator: Generator, task: Task, named: str | None) -> Segmenter | None:
    """The segmenter that fits, where the task needs or can use one; it knows what the task is judged by."""
    from inscape.segmenters import fitting_segmenter

    known = named or generator.card.segmenter
    if known is None and task.context.concept is None and task.judged is None:
        return None
    segmenter = fitting_segmenter(generator, named)
    context, goals = task.judged or (None, None)
    for concept in (context, *(goals or ())):
        if concept is not None:
            segmenter.vocabulary.index(concept)  # refused before anything is computed
    return segmenter


def _adjusted(prepared: PreparedTask, request: RewriteRequest) -> PreparedTask:
    """The task with what the request says otherwise."""
    return replace(prepared, settings=_settings(prepared.settings, request))


def _settings(settings: RuleSettings, request: RewriteRequest) -> RuleSettings:
    asked = {"rank": request.rank, "ridge": request.ridge}
    given = {name: value for name, value in asked.items() if value is not None}
    return replace(settings, **given)  # type: ignore[arg-type]


def _audit(
    generator: Generator,
    segmenter: Segmenter | None,
    task: Task,
    images: int,
    progress: Progress,
    executor: Executor,
) -> Audit | None:
    from inscape.audits import Audit

    if segmenter is None or not images or task.judged is None:
        return None
    return Audit(generator, segmenter, images=images, progress=progress, executor=executor)


def _trials(
    prepared: PreparedTask, generator: Generator, audit: Audit | None, task: Task, progress: Progress
) -> list[Trial]:
    from inscape.audits import PICTURES, Proposal, advise, rewritable_layers

    if audit is None or task.judged is None:
        raise UsageError(
            "Advice on layers measures reach and leak, so the task needs a [judge] with a context.",
            "Add it to the task, and set --images above 0.",
        )
    layers, rank = rewritable_layers(generator), prepared.settings.rank
    proposal = Proposal(prepared.maker(generator), *task.judged)
    few = audit.sample(proposal.context, PICTURES)
    return advise(proposal, few, layers, (rank,), progress=progress)
