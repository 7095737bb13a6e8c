"""Rules on the page Rewrite: made, searched for, measured and drawn; in the compute thread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import inscape
from inscape.errors import InscapeError, UnsupportedError
from inscape.reports import data_url
from inscape.studio.encoding import jpeg
from inscape.studio.library import Library
from inscape.studio.pages.rewrite.requests import places_of, prepared
from inscape.studio.pages.rewrite.shapes import (
    AuditRequest,
    AuditResult,
    KeysResult,
    MatchInfo,
    RuleInfo,
    RuleLayer,
    RuleLayers,
    RuleRequest,
    RuleResult,
    RuleSearch,
    SearchResult,
    WallPicture,
    WallPictures,
    WallRequest,
)
from inscape.studio.pages.rewrite.walls import BATCH, Walls
from inscape.studio.pages.rewrite.works import RuleWorks
from inscape.studio.works import StackEntry

if TYPE_CHECKING:
    from inscape.audits import Audit
    from inscape.progress import Progress
    from inscape.rewriting import Rewriter

FORMATS = {"safetensors": "safetensors", "rosinality": "pt"}
_LOOKED_AT = 4
"""Pictures of which the one that a rule changes most is kept."""
_LIKE_THE_CONTEXT = 0.8
"""A place that scores so much is marked however many do: those of the context itself score about 1."""


@dataclass
class Bench:
    """A network on which rules are made while others are on; nothing else ever runs on it."""

    model: inscape.Generator
    on: ExitStack = field(default_factory=ExitStack)
    edits: tuple[inscape.WeightEdit, ...] = ()
    rewriters: dict[str, Rewriter] = field(default_factory=dict)

    def rewriter(self, layer: str, edits: Sequence[inscape.WeightEdit], plain: Rewriter) -> Rewriter:
        """A rewriter of a layer as it is with edits on; key directions are those of the plain network."""
        from inscape.rewriting import Rewriter

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

    def __init__(self, library: Library, works: RuleWorks) -> None:
        self._library, self.works = library, works
        self.rewriter = cache(self._rewriter)
        self._bench = cache(lambda model: Bench(library.fresh(model)))
        self._walls = cache(lambda model: Walls(library.on_cpu(model)))
        self._audit: tuple[tuple[str, int], Audit] | None = None

    def drop(self, model: str) -> None:
        """Drop what is held of a model that has changed or is gone."""
        for held in (self.rewriter, self._bench, self._walls):
            held.cache_clear()
        self._audit = None

    def layers(self, model: str) -> RuleLayers:
        """Which layers can be rewritten, and what the segmenter can tell apart."""
        from inscape.rewriting import memory_of
        from inscape.rewriting.key_space import LARGEST_RANK

        generator = self._library.on_cpu(model)
        rows = []
        for layer in generator.layers.values():
            row = RuleLayer(name=layer.name, size=layer.size, inputs=None, largest_rank=0)
            try:
                width = memory_of(generator, layer.name).width
            except InscapeError as error:
                row.reason = error.detail
            else:
                row.inputs, row.largest_rank = width, min(width, LARGEST_RANK)
            rows.append(row)
        return RuleLayers(layers=rows, concepts=_concepts(generator))

    def _rewriter(self, model: str, layer: str) -> Rewriter:
        """The rewriter of a layer without any rule on.

        Raises:
            LayerError, UnsupportedError: It cannot be rewritten.
        """
        from inscape.rewriting import Rewriter

        generator = self._library.on_cpu(model)
        return Rewriter(generator, generator.layer(layer).name)

    def prepare(self, model: str, layer: str, seeds: Sequence[int], progress: Progress) -> KeysResult:
        """Gather what a first rule of a layer, and the wall of pictures after it, would wait for."""
        rewriter = self.rewriter(model, layer)
        with progress.task("Drawing up to the layer", len(seeds), "pictures") as task:
            for start in range(0, len(seeds), BATCH):
                batch = seeds[start : start + BATCH]
                self._walls(model).keep(batch, layer)
                task.advance(len(batch))
        rewriter.prepare(progress)
        import_module("scipy.optimize")  # the solver's; a first rule would wait for it
        return KeysResult(layer=rewriter.memory.layer.name, inputs=rewriter.memory.width)

    def wall(self, model: str, request: WallRequest) -> WallPictures:
        """Pictures with rules on, as JPEGs."""
        started = time.perf_counter()
        pixels = self._walls(model).draw(request.seeds, self.edits(model, request.edits))
        pictures = [
            WallPicture(seed=seed, image=data_url("wall.jpg", jpeg(picture, request.size)))
            for seed, picture in zip(request.seeds, pixels, strict=True)
        ]
        return WallPictures(pictures=pictures, milliseconds=1000 * (time.perf_counter() - started))

    def search(self, model: str, request: RuleSearch, progress: Progress) -> SearchResult:
        """Where a context is: in the best pictures of many, or in some pictures.

        Returns:
            The places, best first.
        """
        import torch

        from inscape.rewriting import KeyBank

        rewriter = self.rewriter(model, request.layer)
        keys, weights = rewriter.keys(places_of(request.context))
        rewriter.prepare(progress)
        direction = rewriter.space.scorer(keys, weights)
        bank = KeyBank(rewriter.memory, request.pictures, progress=progress)
        if not request.seeds:
            found = bank.search(direction, request.top)
            matches = [_match(match.seed, match.score, match.region) for match in found]
            return SearchResult(pictures=bank.latents, matches=matches)
        level = min(bank.level(bank.scores(direction)), _LIKE_THE_CONTEXT)
        matches = []
        with progress.task("Searching for the context", len(request.seeds), "pictures") as task:
            for seed in request.seeds:
                here = torch.einsum("ihw,i->hw", rewriter.reading(seed).shown[0], direction)
                matches.append(
                    _match(seed, float(here.max()), inscape.Region.from_mask((here >= level).numpy()))
                )
                task.advance(1)
        return SearchResult(pictures=bank.latents, matches=matches)

    def make(self, model: str, request: RuleRequest, progress: Progress) -> RuleResult:
        """Solve a rule and keep it; what is on stays on.

        Raises:
            RegionError, ValueRangeError, LayerError, UnsupportedError: What was asked for cannot be made.
            CancelledError: The person cancelled; nothing is kept.
        """
        started = time.perf_counter()
        edit = self.solved(model, request, self.rewriter(model, request.choices.layer), progress)
        info = self.works.add(model, edit)
        seeds = list(dict.fromkeys(place.seed for place in request.context))
        self._keep_picture(info, seeds, self.edits(model, request.over), edit)
        return RuleResult(rule=info, seconds=time.perf_counter() - started)

    def _keep_picture(
        self,
        info: RuleInfo,
        seeds: Sequence[int],
        over: Sequence[inscape.WeightEdit],
        edit: inscape.WeightEdit,
    ) -> None:
        """Keep the picture of a few that a rule changes most: another version may be installed one day."""
        import numpy as np

        walls = self._walls(info.model)
        before, after = (walls.draw(seeds[:_LOOKED_AT], edits) for edits in (over, [*over, edit]))
        most = int(np.abs(after.astype(int) - before).mean((1, 2, 3)).argmax())
        self.works.keep_picture(info.id, jpeg(np.concatenate([before[most], after[most]], 1)))

    def edits(self, model: str, stack: Sequence[StackEntry]) -> list[inscape.WeightEdit]:
        """The rules of a stack that are on, lowest first; those of a former version of the model are not.

        Raises:
            NotFoundError: One is not there.
        """
        former = self._library.card(model).former
        return [edit for edit in self.works.edits(model, stack) if edit.weights not in former]

    def with_former(self, info: RuleInfo) -> RuleInfo:
        """The rule, with the version that it was made for where another one is installed, and what it did."""
        version = self._library.card(info.model).former.get(self.works.weights(info.id))
        if version is None:
            return info
        kept = self.works.picture(info.id)
        picture = None if kept is None else data_url("rule.jpg", kept)
        return info.model_copy(update={"former": version, "picture": picture})

    def solved(
        self, model: str, request: RuleRequest, plain: Rewriter, progress: Progress, **changes: int
    ) -> inscape.WeightEdit:
        """The rule that a request asks for.

        Args:
            model: The model.
            request: The rule, and what is on while it is made.
            plain: Of the layer.
            progress: Reports the steps done.
            changes: Settings other than the request's.
        """
        task = prepared(request)
        plain.prepare(progress)
        over, rewriter = self.edits(model, request.over), plain
        if over:
            rewriter = self._bench(model).rewriter(plain.memory.layer.name, over, plain)
        edit = task.make(rewriter, progress=progress, **changes)
        return replace(edit, made={**edit.made, "over": [each.name for each in over]})

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

    def measure(self, model: str, request: AuditRequest, progress: Progress) -> AuditResult:
        """What a stack of rules reaches, and what else it changes."""
        edits = self.edits(model, request.edits)
        audit = self.audit(model, request.images, progress)
        found = audit.measure(edits, request.context, request.goal, progress=progress)
        return AuditResult(context=request.context, goal=request.goal, **found.to_json())

    def audited(self, model: str, images: int) -> bool:
        """Whether the pictures of an audit are at hand."""
        return self._audit is not None and self._audit[0] == (model, images)

    def audit(self, model: str, images: int, progress: Progress) -> Audit:
        """Pictures as they are, labelled; the last ones are kept."""
        from inscape.audits import Audit
        from inscape.segmenters import open_segmenter

        if self._audit is None or not self.audited(model, images):
            generator = self._library.on_cpu(model)
            if generator.card.segmenter is None:
                raise UnsupportedError(
                    f"The card of {model!r} names no segmenter, so reach and leak cannot be measured.",
                    "Name one in its card.json.",
                )
            segmenter = open_segmenter(generator.card.segmenter, generator.device)
            audit = Audit(generator, segmenter, images=images, progress=progress)
            self._audit = ((model, images), audit)
        return self._audit[1]

    def take(self, model: str, data: bytes, *, transfer: bool) -> RuleInfo:
        """Keep a rule that came as a file, once it is known to fit.

        Raises:
            FormatError, RecipeError: It is none.
            LayerError, ShapeError, ConflictError: It does not fit the model.
        """
        edit = self.works.received(self._library.on_cpu(model), data, transfer=transfer)
        info = self.works.add(model, edit)
        self._keep_picture(info, range(_LOOKED_AT), [], edit)
        return info

    def write_model(self, model: str, stack: Sequence[StackEntry], kind: str, path: Path) -> None:
        """Write the model with the rules in it.

        Raises:
            UsageError: There is no such format.
            UnsupportedError: The format has no place for it.
        """
        from inscape.models import write_model

        generator = self._library.on_cpu(model)
        with generator.edited(self.edits(model, stack)):
            write_model(generator, path, format=kind)


def _concepts(generator: inscape.Generator) -> list[str]:
    """What a segmenter can tell apart in the pictures: the card says it, else the segmenter itself."""
    if generator.card.segmenter is None:
        return []
    if generator.card.concepts:
        return list(generator.card.vocabulary.names)
    return _told_apart(generator.card.segmenter, generator.device.type)


@lru_cache
def _told_apart(segmenter: str, device: str) -> list[str]:
    from inscape.segmenters import open_segmenter

    try:
        return list(open_segmenter(segmenter, device).vocabulary.names)
    except InscapeError:  # measuring says why; everything else works without
        return []


def _match(seed: int, score: float, region: inscape.Region) -> MatchInfo:
    return MatchInfo.model_validate({"seed": seed, "score": round(score, 4), "region": region.to_json()})
