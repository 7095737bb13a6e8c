"""A task whose regions are found in the pictures of a model, ready to be solved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inscape.editing import WeightEdit
from inscape.editing.rule_settings import RuleSettings
from inscape.errors import ConceptError, RegionError, UsageError
from inscape.models import Generator
from inscape.progress import Progress
from inscape.regions import Region
from inscape.rewriting.pastes import Erase, Paste, Place, Which
from inscape.rewriting.rewriter import Rewriter
from inscape.rewriting.task import FEW_SAMPLES, Task
from inscape.segmenters import Segmenter

_BATCH = 32
_SOURCES = 8
_TRIED_PLACES = 2


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
        return became[:, place].double().mean(1).numpy()


@dataclass(frozen=True)
class PreparedTask:
    """A task with its places found in the pictures of a model.

    Attributes:
        context: Where the rule holds.
        paste: What is to be there.
        protect: What must stay.
        settings: Rank, ridge, solver and the like.
        name: For display.
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
            progress: Reports the steps done.
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
                "The task names concepts, and the model has no segmenter.",
                "Name one with --segmenter, or name places instead of concepts.",
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
            raise ConceptError(
                f"None of the first {len(areas)} pictures shows {concept!r}.",
                "Name places instead, or another concept.",
            )
        return [int(seed) for seed in order if areas[seed] >= 0.25 * areas[order[0]]]

    def largest_part(self, concept: str, seed: int) -> NDArray[np.bool_]:
        """The largest connected part of a concept in one picture, `[height, width]`."""
        from scipy.ndimage import label

        parts, count = label(self.masks(concept)[seed])
        sizes = np.bincount(parts.ravel(), minlength=count + 1)
        sizes[0] = 0
        largest: NDArray[np.bool_] = parts == sizes.argmax()
        return largest


def _pastes(find: _Found, concept: str, which: Which, region: Region, size: int) -> tuple[Paste, ...]:
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
