"""Reach and leak: how much of its context an edit changed, and how much else.

Reach: of the pixels of the context, the fraction that became the goal, or that is no longer the context if
there is no goal. Leak: of all other pixels, the fraction whose label changed or whose colour moved by more
than ΔE 5. Both are judged by a segmenter, on pictures of fresh seeds, with intervals over pictures.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from inscape.colour import colour_difference, to_lab
from inscape.errors import ConceptError, ValueRangeError
from inscape.parallel import InProcess, over_pictures, pieces_of
from inscape.progress import SilentProgress
from inscape.types import JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models import Edit, Generator
    from inscape.parallel import Executor
    from inscape.progress import Progress
    from inscape.segmenters import Segmenter

VISIBLE = 5.0
"""The smallest ΔE that counts as a moved colour."""
FIRST_SEED = 4_000_000
"""Where the seeds of audits start, away from those that rules are made from."""
BATCH = 16
_RESAMPLES = 1000

Before: TypeAlias = "tuple[Tensor, UInt8[Tensor, 'batch 3 h w'], UInt8[Tensor, 'batch plane h w']]"
"""Latents, pictures and labels of a batch."""
Draw = Callable[["Tensor"], "Tensor"]
"""From latents `[batch, num_ws, w_dim]` to pictures `[batch, 3, height, width]` in [-1, 1]."""


@dataclass(frozen=True)
class Change:
    """What an edit changed.

    Attributes:
        reach: Fraction of the context's pixels that became the goal, or that are no longer the context.
        reach_interval: 95 % interval, over resampled pictures.
        leak: Fraction of all other pixels that changed.
        leak_interval: 95 % interval.
        harmonic: Harmonic mean of reach and 1 − leak.
        pictures: Number of pictures drawn.
        with_context: How many of them had the context.
    """

    reach: float
    reach_interval: tuple[float, float]
    leak: float
    leak_interval: tuple[float, float]
    harmonic: float
    pictures: int
    with_context: int

    def to_json(self) -> JsonObject:
        """As JSON."""
        return asdict(self)


class Audit:
    """Labelled pictures without an edit, to measure any number of edits against.

    Args:
        model: The generator, as it is before the edits.
        segmenter: Judges the pictures.
        images: Number of pictures.
        seed: Seed of the first.
        progress: Reports the pictures done.
        executor: Who draws and measures; this process unless given.

    Raises:
        ValueRangeError: Fewer than two pictures.
    """

    def __init__(
        self,
        model: Generator,
        segmenter: Segmenter,
        *,
        images: int = 2000,
        seed: int = FIRST_SEED,
        progress: Progress | None = None,
        executor: Executor | None = None,
    ) -> None:
        if images < 2:
            raise ValueRangeError(f"An interval over pictures needs at least 2 of them, got {images}.")
        self._model, self._segmenter = model, segmenter
        self._executor = executor or InProcess()
        self._weights = np.ones(images)
        pieces = pieces_of(range(seed, seed + images), BATCH)
        work = _Drawn(model, segmenter)
        drawn = over_pictures(work, pieces, "Drawing as it was", executor=self._executor, progress=progress)
        self._before: list[Before] = list(drawn)

    def sample(self, context: str, count: int) -> Audit:
        """Some of the pictures, half of which show a context where so many do: what is rare is measured too.

        Each counts for as many as it stands for, so that reach and leak are estimates of those over all.

        Args:
            context: The concept.
            count: Number of pictures; all where there are no more.

        Raises:
            ConceptError: The segmenter knows no such concept.
        """
        if count >= len(self._weights):
            return self
        find = _Finder(self._segmenter, context, None)
        shows = torch.cat([find.context(labels).flatten(1).any(1) for *_, labels in self._before]).numpy()
        strata = np.flatnonzero(shows), np.flatnonzero(~shows)
        some = max(min(len(strata[0]), count // 2), count - len(strata[1]))
        chosen = [stratum[:taken] for stratum, taken in zip(strata, (some, count - some), strict=True)]
        found = copy.copy(self)
        parts = [torch.cat(part) for part in zip(*self._before, strict=True)]
        picked = [part[np.concatenate(chosen)].split(BATCH) for part in parts]
        found._before = list(zip(*picked, strict=True))
        found._weights = np.concatenate(
            [
                np.full(len(few), len(all_) / max(len(few), 1))
                for few, all_ in zip(chosen, strata, strict=True)
            ]
        )
        return found

    def measure(
        self,
        edits: Sequence[Edit] | Draw,
        context: str,
        goal: str | Sequence[str] | None,
        *,
        progress: Progress | None = None,
    ) -> Change:
        """What edits, or any other way of drawing, changed.

        Args:
            edits: Applied in order; or a function that draws from latents.
            context: The concept whose pixels the rule is for.
            goal: What they should become: a concept, several of one plane, or None for anything else.
            progress: Reports the pictures done.

        Raises:
            ConceptError: The segmenter knows no such concept, or the context is in none of the pictures.
        """
        work = _Counted(self._model, self._segmenter, edits, _Finder(self._segmenter, context, goal))
        counts = []
        with (progress or SilentProgress()).task("Measuring", len(self._weights), "pictures") as task:
            for found in self._executor.map(work, self._before):
                counts.append(found)
                task.advance(len(found))
        return _change(np.concatenate(counts), self._weights, context)


@dataclass(frozen=True)
class _Drawn:
    """Pictures of seeds as they are, labelled."""

    model: Generator
    segmenter: Segmenter
    side_by_side: bool = False

    def __call__(self, seeds: range) -> Before:
        w = self.model.w_of_seeds(seeds)
        pictures = self.model.images(w).clamp(-1, 1)
        return w, _bytes(pictures).cpu(), self.segmenter.segment(pictures).cpu()


@dataclass(frozen=True)
class _Counted:
    """What edits, or any other way of drawing, changed in a batch."""

    model: Generator
    segmenter: Segmenter
    edits: Sequence[Edit] | Draw
    find: _Finder
    side_by_side: bool = False

    def __call__(self, batch: Before) -> NDArray[np.int64]:
        w, before, labels = batch
        after = self.edits(w) if callable(self.edits) else self.model.images(w, self.edits)
        after = after.clamp(-1, 1)
        return self.find.counts(before, labels, after, self.segmenter.segment(after).cpu())


class _Finder:
    """Counts places of a batch: `[picture, (context, reached, other, moved)]`."""

    def __init__(self, segmenter: Segmenter, context: str, goal: str | Sequence[str] | None) -> None:
        vocabulary = segmenter.vocabulary
        goals = [] if goal is None else [goal] if isinstance(goal, str) else list(goal)
        self._plane, self._context = vocabulary.plane_of(context), vocabulary.index(context)
        planes = {vocabulary.plane_of(name) for name in goals} or {self._plane}
        if len(planes) != 1:
            raise ConceptError(
                f"The goals of a rule must be concepts of one plane, got {', '.join(goals)}.",
                "Name goals of one plane.",
            )
        self._goal_plane = planes.pop()
        self._goals = torch.tensor([vocabulary.index(name) for name in goals], dtype=torch.uint8)

    def context(self, labels: Tensor) -> Tensor:
        """Where the context is."""
        return labels[:, self._plane] == self._context

    def counts(self, before: Tensor, labels: Tensor, after: Tensor, relabelled: Tensor) -> NDArray[np.int64]:
        was = self.context(labels)
        if len(self._goals):
            became = torch.isin(relabelled[:, self._goal_plane], self._goals)
        else:
            became = relabelled[:, self._plane] != self._context
        moved = colour_difference(to_lab(_floats(before)), to_lab(after.cpu())) > VISIBLE
        moved |= labels[:, self._plane] != relabelled[:, self._plane]
        columns = [was, was & became, ~was, ~was & moved]
        return torch.stack([each.sum((1, 2)) for each in columns], 1).numpy()


def _change(counts: NDArray[np.int64], weights: NDArray[np.float64], context: str) -> Change:
    weighted = counts * weights[:, None]
    total = weighted.sum(0)
    if not total[0]:
        raise ConceptError(
            f"None of the {len(counts)} pictures shows {context!r}, so the reach cannot be measured.",
            "Measure on more pictures.",
        )
    reach, leak = total[1] / total[0], total[3] / max(total[2], 1)
    draws = np.random.RandomState(0).randint(0, len(counts), (_RESAMPLES, len(counts)))
    sums = weighted[draws].sum(1)
    reaches, leaks = sums[:, 1] / np.maximum(sums[:, 0], 1), sums[:, 3] / np.maximum(sums[:, 2], 1)
    kept = 1 - leak
    return Change(
        float(reach),
        _interval(reaches),
        float(leak),
        _interval(leaks),
        float(2 * reach * kept / (reach + kept)) if reach + kept else 0.0,
        len(counts),
        int((counts[:, 0] > 0).sum()),
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _bytes(images: Float[Tensor, "..."]) -> UInt8[Tensor, "..."]:
    return ((images + 1) * 127.5).round().to(torch.uint8)


def _floats(images: UInt8[Tensor, "..."]) -> Float[Tensor, "..."]:
    return images.float() / 127.5 - 1
