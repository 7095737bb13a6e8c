"""Tasks: a rule as a file that a person writes, by places or by concepts.

A task is TOML:

    name = "trees grow out of spires"
    layer = "layer16b"                # the model's default layer unless given

    [context]                         # where the rule is to hold
    concept = "spire"                 # in the pictures that show most of it, as the segmenter says …
    pictures = 16
    # places = [{seed = 3, box = [20, 4, 6, 12]}]     … or in places that one names, in pixels or as a mask

    [goal]                            # what is to be there
    concept = "tree"                  # copied from where it fills a place, and looks like it there, best …
    pictures = 4                      # … and pasted into so many of the context's pictures
    # paste = [{source = 5, copied = [8, 30, 6, 12], target = 3, place = [20, 4, 6, 12], scale = 1.0}]
    # erase = 30                      … or the loudest 30 units of the context's keys fall silent

    [settings]                        # any of RuleSettings
    rank = 1

    [judge]                           # what counts as reached; the concepts above unless given
    context = "spire"
    goal = ["tree"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inscape import storage
from inscape.editing.rule_settings import RuleSettings
from inscape.errors import ConceptError, FormatError, RegionError, UsageError
from inscape.regions import Region, box
from inscape.rewriting.rewriter import Erase, Paste, Place, Rewriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.editing import WeightEdit
    from inscape.models import Generator
    from inscape.progress import Progress
    from inscape.segmenters import Segmenter

FEW_SAMPLES = 500
"""Pictures that are enough to compare layers by."""
_LARGEST_FILE = 2**20
_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "int | None": (int,),
    "float": (float, int),
}
"""What a setting of each type may be; all others are texts."""
_SAID = {int: "a whole number", float: "a number", str: "a text"}
_BATCH = 32
_SOURCES = 8
_TRIED_PLACES = 2
Box = tuple[float, float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mask(_Part):
    """A region of any shape, as `Region.to_json` writes it: what a brush leaves."""

    mask: str
    height: int
    width: int


class ContextPlace(_Part):
    """Where in the picture of a seed: a box, `[x, y, width, height]` in pixels, or a mask."""

    seed: int = Field(ge=0)
    box: Box | Mask

    @property
    def place(self) -> Place:
        """The seed and the region."""
        return self.seed, _region(self.box)


class Context(_Part):
    """Where a rule is to hold: in places, or where a concept is in the pictures that show most of it."""

    concept: str | None = None
    pictures: int = Field(default=16, ge=1, le=64)
    places: tuple[ContextPlace, ...] = ()
    protect: tuple[ContextPlace, ...] = ()


class GoalPaste(_Part):
    """What is copied from where to where: boxes in pixels, or masks."""

    source: int = Field(ge=0)
    copied: Box | Mask
    target: int = Field(ge=0)
    place: Box | Mask
    scale: float = 1.0

    @property
    def paste(self) -> Paste:
        """The goal."""
        return Paste(self.source, _region(self.copied), self.target, _region(self.place), self.scale)


class TaskGoal(_Part):
    """What is to be there: what was pasted, a concept, or, erased, nothing."""

    concept: str | None = None
    pictures: int = Field(default=4, ge=1, le=64)
    paste: tuple[GoalPaste, ...] = ()
    erase: int | None = Field(default=None, ge=1)


class Judge(_Part):
    """What counts as reached: places of a concept that became another; any other where none is named."""

    context: str | None = None
    goal: tuple[str, ...] = ()


class Task(_Part):
    """A rule that a person wants, before it is made for a model.

    Attributes:
        name: For people to read.
        layer: The layer to rewrite; the model's default unless given.
        seeds: Through how many pictures, from seed 0 on, a concept is looked for.
        context: Where the rule is to hold.
        goal: What is to be there.
        settings: Fields of `RuleSettings`.
        judge: What counts as reached.
    """

    name: str = ""
    layer: str | None = None
    seeds: int = Field(default=400, ge=1, le=100_000)
    context: Context
    goal: TaskGoal
    settings: dict[str, Any] = Field(default_factory=dict)
    judge: Judge = Judge()

    @classmethod
    def load(cls, path: Path | str) -> Task:
        """Read a task.

        Raises:
            FormatError: The file is missing or too large, is no TOML, or a field is missing, unknown or of
                the wrong kind; the first is named.
        """
        path = Path(path)
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise FormatError(f"{path} is larger than a task can be ({_LARGEST_FILE} bytes).")
            value = tomllib.loads(storage.read_text(path))
        except OSError as error:
            raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
        except tomllib.TOMLDecodeError as error:
            raise FormatError(f"{path} is not TOML: {error}.") from error
        try:
            task = cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise FormatError(f"{path} is not a task: {where}: {first['msg']}.") from error
        task.check(str(path))
        return task

    def to_toml(self) -> str:
        """The file that `load` reads."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True, exclude_defaults=True))

    def check(self, where: str) -> None:
        """Refuse what cannot be meant.

        Raises:
            FormatError: Two ways of saying where or what, or none; a setting that there is not.
        """
        if (self.context.concept is None) == (not self.context.places):
            raise FormatError(f"{where}: a context is a concept, or places.")
        if sum([self.goal.concept is not None, bool(self.goal.paste), self.goal.erase is not None]) != 1:
            raise FormatError(f"{where}: a goal is one of concept, paste and erase.")
        known = {field.name: field.type for field in fields(RuleSettings)}
        if unknown := sorted(set(self.settings) - set(known)):
            raise FormatError(
                f"{where}: there is no setting {unknown[0]!r}; there are {', '.join(sorted(known))}."
            )
        for name, value in self.settings.items():
            kinds = _KINDS.get(str(known[name]), (str,))
            if isinstance(value, bool) or not isinstance(value, kinds):
                raise FormatError(f"{where}: the setting {name} is {_SAID[kinds[0]]}, got {value!r}.")

    @property
    def rule_settings(self) -> RuleSettings:
        """The settings, checked."""
        return RuleSettings(**self.settings)

    @property
    def judged(self) -> tuple[str, tuple[str, ...] | None] | None:
        """The concept whose places count, and those that they should become; None where neither is known."""
        context = self.judge.context or self.context.concept
        goals = self.judge.goal or ((self.goal.concept,) if self.goal.concept else None)
        return None if context is None else (context, goals)


@dataclass(frozen=True)
class Choice:
    """Pastes of a concept, among which those are taken that look like it where they are pasted.

    Attributes:
        pastes: For each place some from several pictures, those that fill it best first.
        count: Into how many places something is pasted.
        concept: What should be seen there.
        segmenter: Says whether it is.
    """

    pastes: tuple[tuple[Paste, ...], ...]
    count: int
    concept: str
    segmenter: Segmenter

    def first(self) -> tuple[Paste, ...]:
        """Those that fill their places best, in the first places."""
        return tuple(pastes[0] for pastes in self.pastes[: self.count])

    def best(self, rewriter: Rewriter, context: Sequence[Place], settings: RuleSettings) -> tuple[Paste, ...]:
        """Those that draw most of the concept when they are a layer's values, in as many places."""
        drawn = []
        for pastes in self.pastes:
            shares = self._shares(rewriter, pastes, context, settings)
            best = int(shares.argmax())
            drawn.append((float(shares[best]), pastes[best]))
        drawn.sort(key=lambda each: -each[0])
        return tuple(paste for _, paste in drawn[: self.count])

    def _shares(
        self, rewriter: Rewriter, pastes: Sequence[Paste], context: Sequence[Place], settings: RuleSettings
    ) -> NDArray[np.float64]:
        """What share of their common place each paste makes the concept."""
        size = rewriter.model.image_size
        goals = [rewriter.goal(paste, context, settings) for paste in pastes]
        labels = self.segmenter.segment(rewriter.drawn(pastes[0].target, goals)).cpu()
        vocabulary = self.segmenter.vocabulary
        became = labels[:, vocabulary.plane_of(self.concept)] == vocabulary.index(self.concept)
        place = pastes[0].place.mask(size, size, image_size=size) > 0
        shares: NDArray[np.float64] = became[:, place].double().mean(1).numpy()
        return shares


@dataclass(frozen=True)
class PreparedTask:
    """A task with its places found in the pictures of a model.

    Attributes:
        context: Where the rule is to hold.
        paste: What is to be there.
        protect: What must stay.
        settings: Rank, ridge, solver and the like.
        name: For people to read.
        choice: From which pastes those of a layer are chosen, where the goal is a concept.
    """

    context: tuple[Place, ...]
    paste: tuple[Paste | Erase, ...]
    protect: tuple[Place, ...]
    settings: RuleSettings
    name: str
    choice: Choice | None = None

    def fitted(self, rewriter: Rewriter) -> PreparedTask:
        """The same with the pastes that draw the goal best in one layer, where there is a choice.

        A layer keeps only part of what is copied from it, and what is above reads it in its new place in its
        own way: what fills a place best need not be what looks like the goal there.
        """
        if self.choice is None:
            return self
        context = list(self.context)
        return replace(self, paste=self.choice.best(rewriter, context, self.settings), choice=None)

    def make(self, rewriter: Rewriter, *, progress: Progress | None = None, **changes: Any) -> WeightEdit:
        """The rule for one layer.

        Args:
            rewriter: Of the layer.
            progress: Told about steps.
            changes: Settings other than the task's.
        """
        settings = replace(self.settings, **changes)
        paste = self.fitted(rewriter).paste
        return rewriter.rewrite(
            self.context, paste, settings, protect=self.protect, name=self.name, progress=progress
        )

    def maker(self, model: Generator, *, samples: int = FEW_SAMPLES) -> Callable[[str, int], WeightEdit]:
        """Makes the rule in any layer, at any rank.

        Args:
            model: The generator.
            samples: Pictures over which each layer's second moment is taken.
        """
        fitted: dict[str, tuple[PreparedTask, Rewriter]] = {}

        def make(layer: str, rank: int) -> WeightEdit:
            if layer not in fitted:
                rewriter = Rewriter(model, layer, samples=samples)
                fitted[layer] = self.fitted(rewriter), rewriter
            task, rewriter = fitted[layer]
            return task.make(rewriter, rank=rank)

        return make


def prepare_task(task: Task, model: Generator, segmenter: Segmenter | None) -> PreparedTask:
    """Find a task's places in the pictures of a model.

    Args:
        task: The task.
        model: The generator.
        segmenter: Finds the concepts; None where the task names none.

    Raises:
        ConceptError: A concept is not known, or is in none of the pictures.
        UsageError: The task names concepts and there is no segmenter.
        RegionError: A box lies outside the picture.
        FormatError: A mask cannot be read.
    """
    context: list[Place] = [each.place for each in task.context.places]
    protect = [each.place for each in task.context.protect]
    wanted: list[Paste | Erase] = [each.paste for each in task.goal.paste]
    choice: Choice | None = None
    if task.context.concept is not None or task.goal.concept is not None:
        if segmenter is None:
            raise UsageError(
                "The task names concepts, and no segmenter fits the model.", "Name places instead."
            )
        labels = _labels(model, segmenter, task.seeds)
        find = _Found(labels, segmenter)
        if task.context.concept is not None:
            context = [
                (seed, Region.from_mask(find.largest_part(task.context.concept, seed)))
                for seed in find.seeds(task.context.concept, task.context.pictures)
            ]
        if task.goal.concept is not None:
            some = context[: _TRIED_PLACES * task.goal.pictures]
            pastes = tuple(_pastes(find, task.goal.concept, *place, model.image_size) for place in some)
            choice = Choice(pastes, task.goal.pictures, task.goal.concept, segmenter)
            wanted = list(choice.first())
    if task.goal.erase is not None:
        wanted = [Erase(*place, task.goal.erase) for place in context[: task.goal.pictures]]
    return PreparedTask(tuple(context), tuple(wanted), tuple(protect), task.rule_settings, task.name, choice)


def _region(where: Box | Mask) -> Region:
    return Region.from_json(where.model_dump()) if isinstance(where, Mask) else box(*where)


def _labels(model: Generator, segmenter: Segmenter, count: int) -> NDArray[np.uint8]:
    """Label maps of the pictures of the seeds from 0 on, `[picture, plane, height, width]`."""
    found = []
    with torch.inference_mode():
        for start in range(0, count, _BATCH):
            w = model.w_of_seeds(range(start, min(start + _BATCH, count)))
            found.append(segmenter.segment(model.images(w).clamp(-1, 1)).cpu().numpy())
    return np.concatenate(found)


class _Found:
    """Where concepts are in some pictures."""

    def __init__(self, labels: NDArray[np.uint8], segmenter: Segmenter) -> None:
        self._labels, self._vocabulary = labels, segmenter.vocabulary

    def masks(self, concept: str) -> NDArray[np.bool_]:
        """`[picture, height, width]`."""
        plane = self._vocabulary.plane_of(concept)
        found: NDArray[np.bool_] = self._labels[:, plane] == self._vocabulary.index(concept)
        return found

    def seeds(self, concept: str, count: int) -> list[int]:
        """The pictures that show most of a concept.

        Raises:
            ConceptError: None of them does.
        """
        areas = self.masks(concept).sum((1, 2))
        order = np.argsort(-areas, kind="stable")[:count]
        if not areas[order[0]]:
            raise ConceptError(f"None of the {len(areas)} pictures that were looked at shows {concept!r}.")
        return [int(seed) for seed in order if areas[seed] >= 0.25 * areas[order[0]]]

    def largest_part(self, concept: str, seed: int) -> NDArray[np.bool_]:
        """The largest connected part of a concept in one picture, `[height, width]`."""
        from scipy.ndimage import label

        parts, count = label(self.masks(concept)[seed])
        sizes = np.bincount(parts.ravel(), minlength=count + 1)
        sizes[0] = 0
        largest: NDArray[np.bool_] = parts == sizes.argmax()
        return largest


def _pastes(find: _Found, concept: str, which: Any, region: Region, size: int) -> tuple[Paste, ...]:
    """Pieces of a concept in the shape of a place, one of each picture, those first that fill it best."""
    place = region.mask(size, size, image_size=size).numpy()
    if not place.any():
        raise RegionError("A place of the context is empty: no pixel lies in it.", "Mark a larger one.")
    rows, columns = np.flatnonzero(place.any(1)), np.flatnonzero(place.any(0))
    shape = place[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    sources = find.seeds(concept, _SOURCES)
    masks = torch.from_numpy(find.masks(concept)[sources].astype(np.float32))[:, None]
    filled = torch.nn.functional.conv2d(masks, torch.from_numpy(shape).float()[None, None])[:, 0]
    pastes = []
    for number in filled.flatten(1).amax(1).argsort(descending=True, stable=True).tolist():
        y, x = divmod(int(filled[number].argmax()), filled.shape[2])
        copied = np.zeros((size, size), np.float32)
        copied[y : y + shape.shape[0], x : x + shape.shape[1]] = shape
        pastes.append(Paste(sources[number], Region.from_mask(copied), which, region))
    return tuple(pastes)
