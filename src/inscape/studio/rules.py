"""Rules on the page Rewrite: made, searched for, measured, drawn, read and written; in the compute thread."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from inscape import storage
from inscape.errors import InscapeError, RecipeError, RegionError, UnsupportedError, UsageError
from inscape.studio.encoding import jpeg
from inscape.studio.painter import region_of
from inscape.studio.results import KeysResult, MatchInfo, RuleResult, SearchResult
from inscape.studio.rule_schemas import (
    EraseGoal,
    PasteGoal,
    RuleChoices,
    RuleGoal,
    RuleInfo,
    RuleLayer,
    RuleLayers,
    RuleRequest,
    RuleSearch,
    Selection,
    StackEntry,
    WallPicture,
    WallPictures,
    WallRequest,
)
from inscape.studio.walls import BATCH, Walls

if TYPE_CHECKING:
    from pathlib import Path

    from inscape.audits import Audit
    from inscape.editing import WeightEdit
    from inscape.models import Generator
    from inscape.progress import Progress
    from inscape.regions import Region
    from inscape.rewriting import Erase, Paste, Rewriter, RuleSettings
    from inscape.rewriting.task import ContextPlace, TaskGoal
    from inscape.studio.library import Library
    from inscape.studio.schemas import RegionBox, RegionMask
    from inscape.studio.works import Works

FORMATS = {"safetensors": "safetensors", "rosinality": "pt"}
_EDITS_KEPT = 256
_LIKE_THE_CONTEXT = 0.8
"""A place that scores so much is marked however many do: those of the context itself score about 1."""


@dataclass
class Bench:
    """A network on which rules are made while others are on; nothing else ever runs on it."""

    model: Generator
    on: ExitStack = field(default_factory=ExitStack)
    edits: tuple[WeightEdit, ...] = ()
    rewriters: dict[str, Rewriter] = field(default_factory=dict)

    def rewriter(self, layer: str, edits: Sequence[WeightEdit], plain: Rewriter) -> Rewriter:
        """A rewriter of a layer as it is with edits on; key directions are those of the plain network."""
        from inscape.models.weights import weights_hash
        from inscape.rewriting import Rewriter

        weights_hash(self.model.module)  # remembered: rules belong to the weights without any edit
        if self.edits != tuple(edits):
            self.on.close()
            self.edits = ()
            self.rewriters.clear()
            self.on.enter_context(self.model.edited(edits))
            self.edits = tuple(edits)
        if layer not in self.rewriters:
            self.rewriters[layer] = Rewriter(self.model, layer)
        self.rewriters[layer].space = plain.space
        return self.rewriters[layer]


class Rules:
    """Everything that the page Rewrite asks of networks.

    Args:
        library: The generators.
        works: Where rules are kept.
    """

    def __init__(self, library: Library, works: Works) -> None:
        self._library, self._works = library, works
        self._rewriters: dict[tuple[str, str], Rewriter] = {}
        self._benches: dict[str, Bench] = {}
        self._walls: dict[str, Walls] = {}
        self._edits: dict[str, WeightEdit] = {}
        self._vocabularies: dict[str, list[str]] = {}
        self._audit: tuple[tuple[str, int], Audit] | None = None

    def forget(self, model: str) -> None:
        """Drop what is held of a model that is there no more."""
        self._rewriters = {key: value for key, value in self._rewriters.items() if key[0] != model}
        self._benches.pop(model, None)
        self._walls.pop(model, None)
        self._audit = None

    def layers(self, model: str) -> RuleLayers:
        """Which layers can be rewritten, and what the segmenter can tell apart."""
        from inscape.rewriting import memory_of
        from inscape.rewriting.key_space import LARGEST_RANK

        generator = self._library.on_cpu(model)
        rows = []
        for layer in generator.layers.values():
            try:
                width = memory_of(generator, layer.name).width
            except InscapeError as error:
                row = RuleLayer(
                    name=layer.name, size=layer.size, inputs=None, largest_rank=0, reason=error.detail
                )
            else:
                rank = min(width, LARGEST_RANK)
                row = RuleLayer(name=layer.name, size=layer.size, inputs=width, largest_rank=rank)
            rows.append(row)
        return RuleLayers(layers=rows, concepts=self._concepts(generator))

    def _concepts(self, generator: Generator) -> list[str]:
        """What a segmenter can tell apart in the pictures: the card says it, else the segmenter itself."""
        name, concepts = generator.card.segmenter, generator.card.concepts
        if name is None:
            return []
        if concepts:
            return list(generator.card.vocabulary.names)
        if name not in self._vocabularies:
            from inscape.segmenters import open_segmenter

            try:
                self._vocabularies[name] = list(open_segmenter(name, generator.device).vocabulary.names)
            except InscapeError:  # measuring says why; everything else works without
                self._vocabularies[name] = []
        return self._vocabularies[name]

    def rewriter(self, model: str, layer: str) -> Rewriter:
        """The rewriter of a layer without any rule on.

        Raises:
            LayerError, UnsupportedError: It cannot be rewritten.
        """
        from inscape.rewriting import Rewriter

        generator = self._library.on_cpu(model)
        key = (model, generator.layer(layer).name)
        if key not in self._rewriters or self._rewriters[key].model is not generator:
            self._rewriters[key] = Rewriter(generator, key[1])
        return self._rewriters[key]

    def prepare(self, model: str, layer: str, seeds: Sequence[int], progress: Progress) -> KeysResult:
        """Gather what a first rule of a layer, and the wall of pictures after it, would wait for."""
        rewriter = self.rewriter(model, layer)
        with progress.task("Drawing what lies below", len(seeds), "pictures") as task:
            for start in range(0, len(seeds), BATCH):
                batch = seeds[start : start + BATCH]
                self._wall(model).keep(batch, layer)
                task.advance(len(batch))
        rewriter.prepare(progress)
        import_module("scipy.optimize")  # the solver's; a first rule would wait for it
        return KeysResult(layer=rewriter.memory.layer.name, inputs=rewriter.memory.width)

    def edits(self, model: str, stack: Sequence[StackEntry]) -> list[WeightEdit]:
        """The edits of a stack that are on, lowest first.

        Raises:
            NotFoundError: One is not there.
        """
        shown = [entry for entry in stack if not entry.hidden and entry.strength > 0]
        self._works.rules(model, [entry.rule for entry in shown])
        return [self._edit(entry) for entry in shown]

    def _edit(self, entry: StackEntry) -> WeightEdit:
        if entry.rule not in self._edits:
            if len(self._edits) >= _EDITS_KEPT:
                self._edits.clear()
            self._edits[entry.rule] = _loaded(self._works.file(entry.rule))
        edit = self._edits[entry.rule]
        return replace(edit, strength=entry.strength, name=entry.name or edit.name)

    def wall(self, model: str, request: WallRequest) -> WallPictures:
        """Pictures with rules on, as JPEGs."""
        started = time.perf_counter()
        walls = self._wall(model)
        pixels = walls.draw(request.seeds, self.edits(model, request.edits))
        pictures = [
            WallPicture(seed=seed, image=_data_url(jpeg(picture, request.size)))
            for seed, picture in zip(request.seeds, pixels, strict=True)
        ]
        return WallPictures(pictures=pictures, milliseconds=1000 * (time.perf_counter() - started))

    def _wall(self, model: str) -> Walls:
        if model not in self._walls:
            self._walls[model] = Walls(self._library.on_cpu(model))
        return self._walls[model]

    def search(self, model: str, request: RuleSearch, progress: Progress) -> SearchResult:
        """Where a context is: in the best pictures of many, or in some pictures.

        Returns:
            The places, best first.
        """
        import torch

        from inscape.regions import Region
        from inscape.rewriting import KeyBank

        rewriter = self.rewriter(model, request.layer)
        keys, weights = rewriter.keys(_places(request.context))
        rewriter.prepare(progress)
        direction = rewriter.space.scorer(keys, weights)
        bank = KeyBank(rewriter.memory, request.pictures, progress=progress)
        if not request.seeds:
            found = bank.search(direction, request.top)
            matches = [(match.seed, match.score, match.region) for match in found]
            return SearchResult(pictures=bank.latents, matches=[_match(*each) for each in matches])
        level = min(bank.level(bank.scores(direction)), _LIKE_THE_CONTEXT)
        matches = []
        with progress.task("Looking for the context", len(request.seeds), "pictures") as task:
            for seed in request.seeds:
                here = torch.einsum("ihw,i->hw", rewriter.reading(seed).shown[0], direction)
                matches.append((seed, float(here.max()), Region.from_mask((here >= level).numpy())))
                task.advance(1)
        return SearchResult(pictures=bank.latents, matches=[_match(*each) for each in matches])

    def make(self, model: str, request: RuleRequest, progress: Progress) -> RuleResult:
        """Solve a rule and keep it; what is on stays on.

        Raises:
            RegionError, ValueRangeError, LayerError, UnsupportedError: What was asked for cannot be made.
            CancelledError: The person asked to stop; nothing is kept.
        """
        started = time.perf_counter()
        edit = self.solved(model, request, request.choices, progress)
        info = self._works.add(model, edit)
        self._edits[info.id] = edit
        return RuleResult(rule=info, seconds=time.perf_counter() - started)

    def comparing(self, model: str, layers: Sequence[str]) -> dict[str, Rewriter]:
        """Rewriters that are enough to compare layers by; a layer that is ready is taken as it is."""
        from inscape.rewriting import Rewriter
        from inscape.rewriting.task import FEW_SAMPLES

        generator = self._library.on_cpu(model)
        ready = {layer: self.rewriter(model, layer) for layer in layers}
        return {
            layer: plain if plain.prepared else Rewriter(generator, layer, samples=FEW_SAMPLES)
            for layer, plain in ready.items()
        }

    def audited(self, model: str, images: int) -> bool:
        """Whether the pictures of an audit are at hand."""
        return self._audit is not None and self._audit[0] == (model, images)

    def solved(
        self,
        model: str,
        request: RuleRequest,
        choices: RuleChoices,
        progress: Progress,
        plain: Rewriter | None = None,
    ) -> WeightEdit:
        """The rule that a request asks for, with other choices than its own where they are given."""
        context, goals = _places(request.context), [_goal(goal) for goal in request.goals]
        if not context:
            raise RegionError("The context is empty.", "Brush over what the rule is about.")
        plain = plain or self.rewriter(model, choices.layer)
        plain.prepare(progress)
        over = self.edits(model, request.over)
        rewriter = self._bench(model).rewriter(plain.memory.layer.name, over, plain) if over else plain
        edit = rewriter.rewrite(
            context,
            goals,
            _settings(choices),
            protect=_places(request.protect),
            name=request.name or "Rule",
            progress=progress,
        )
        return replace(edit, made={**edit.made, "over": [each.name for each in over]})

    def task(self, model: str, request: RuleRequest) -> str:
        """The same rule as a task for the command line, as TOML; of the plain network, whatever is on.

        Raises:
            LayerError: There is no such layer.
            FormatError, RegionError: A region cannot be read.
            UsageError: The context or the goal is missing, or something else is erased than the context.
        """
        from inscape.rewriting.task import Context, Task

        layer = self._library.on_cpu(model).layer(request.choices.layer).name
        places, protect = _task_places(request.context), _task_places(request.protect)
        goal = _task_goal(request)
        if not places or not (goal.paste or goal.erase):
            raise UsageError("A task has a context and a goal.", "Mark both.")
        settings = request.choices.model_dump(exclude={"layer"}, exclude_none=True)
        return Task(
            name=request.name,
            layer=layer,
            context=Context(places=places, protect=protect),
            goal=goal,
            settings=settings,
        ).to_toml()

    def _bench(self, model: str) -> Bench:
        if model not in self._benches:
            self._benches[model] = Bench(self._library.fresh(model))
        return self._benches[model]

    def audit(self, model: str, images: int, progress: Progress) -> Audit:
        """Pictures as they are, labelled; the last ones are kept."""
        from inscape.audits import Audit
        from inscape.segmenters import open_segmenter

        key = (model, images)
        if self._audit is None or not self.audited(model, images):
            generator = self._library.on_cpu(model)
            if generator.card.segmenter is None:
                raise UnsupportedError(
                    f"The card of {model!r} names no segmenter, so nothing can say what a rule changed.",
                    "Name one in its card.json.",
                )
            segmenter = open_segmenter(generator.card.segmenter, generator.device)
            self._audit = (key, Audit(generator, segmenter, images=images, progress=progress))
        return self._audit[1]

    def take(self, model: str, data: bytes, *, transfer: bool) -> RuleInfo:
        """Keep a rule that came as a file, once it is known to fit.

        Raises:
            FormatError, RecipeError: It is none.
            LayerError, ShapeError, ConflictError: It does not fit the model.
        """
        with storage.scratch_file(self._works.file("0").parent) as path:
            path.write_bytes(data)
            edit = _loaded(path)
        if transfer:
            edit = edit.transferred()
        edit.check(self._library.on_cpu(model))
        return self._works.add(model, edit)

    def write_edit(self, model: str, entry: StackEntry, path: Path) -> None:
        """Write a rule as a file of its own, with the name and strength that it has in the stack."""
        self._works.rules(model, [entry.rule])
        self._edit(entry).save(path)

    def write_model(self, model: str, stack: Sequence[StackEntry], path: Path, kind: str) -> None:
        """Write the model with the rules in it.

        Raises:
            UsageError: There is no such format.
            UnsupportedError: The format has no place for it.
        """
        from inscape.models import write_model

        generator = self._library.on_cpu(model)
        with generator.edited(self.edits(model, stack)):
            write_model(generator, path, format=kind)


def _loaded(path: Path) -> WeightEdit:
    from inscape.editing import WeightEdit, load_edit

    try:
        edit = load_edit(path)
    except InscapeError as error:
        raise type(error)("This file holds no edit that can be read.", error.hint) from error
    if not isinstance(edit, WeightEdit):
        raise RecipeError(
            "This edit changes units in one picture, not the weights.", "Open it on the page Paint."
        )
    return edit


def _places(selections: Sequence[Selection]) -> list[tuple[int, Any]]:
    return [(each.seed, region_of(each.region)) for each in selections]


def _task_places(selections: Sequence[Selection]) -> tuple[ContextPlace, ...]:
    from inscape.rewriting.task import ContextPlace

    return tuple(ContextPlace(seed=each.seed, box=_task_region(each.region)) for each in selections)


def _task_region(region: RegionMask | RegionBox) -> Any:
    """As a task has it; masks come out smaller than the page sends them."""
    found = region_of(region).to_json()
    return found.get("box", found)


def _task_goal(request: RuleRequest) -> TaskGoal:
    from inscape.rewriting.task import GoalPaste, TaskGoal

    pastes, erased = [], []
    for goal in request.goals:
        if isinstance(goal, EraseGoal):
            erased.append(goal)
        else:
            copied, place = _task_region(goal.source.region), _task_region(goal.target.region)
            pastes.append(
                GoalPaste(
                    source=goal.source.seed,
                    copied=copied,
                    target=goal.target.seed,
                    place=place,
                    scale=goal.scale,
                )
            )
    if not erased:
        return TaskGoal(paste=tuple(pastes))
    units = {goal.units for goal in erased}
    if pastes or len(units) > 1 or [goal.target for goal in erased] != request.context:
        raise UsageError("A task erases as many units in every place of its context, or pastes.")
    return TaskGoal(erase=units.pop(), pictures=len(erased))


def _goal(goal: RuleGoal) -> Paste | Erase:
    from inscape.rewriting import Erase, Paste

    if isinstance(goal, EraseGoal):
        return Erase(goal.target.seed, region_of(goal.target.region), goal.units)
    assert isinstance(goal, PasteGoal)
    source, target = goal.source, goal.target
    return Paste(source.seed, region_of(source.region), target.seed, region_of(target.region), goal.scale)


def _settings(choices: RuleChoices) -> RuleSettings:
    from inscape.rewriting import RuleSettings

    return RuleSettings(**choices.model_dump(exclude={"layer"}))


def _match(seed: int, score: float, region: Region) -> MatchInfo:
    return MatchInfo.model_validate({"seed": seed, "score": round(score, 4), "region": region.to_json()})


def _data_url(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()
