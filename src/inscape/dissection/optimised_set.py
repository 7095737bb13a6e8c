"""The set of units that causes a concept, by gradient through the generator and the segmenter.

GAN Dissection (Bau et al., ICLR 2019, section 3.2): each unit has a weight α in [0, 1] that says how far it
belongs to the set. Ablation x_a multiplies features by 1 - α; insertion x_i moves them by α towards k, the
mean feature where the concept is, at places P:

    α* = argmin  E[s_c(x_a)] - E_P[s_c(x_i)] + λ Σ α²

where s_c is the probability that the segmenter gives the concept: where it was, for x_a, and at P, where it
was not, for x_i. Pictures and places are drawn anew at every step. α is the sigmoid of what Adam changes, so
that it stays in range without clamping.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inscape import storage
from inscape.dissection.variants import Series
from inscape.errors import FormatError, UnsupportedError
from inscape.segmenters import Probing

if TYPE_CHECKING:
    from jaxtyping import Float

    from inscape.dissection._pool import Pool
    from inscape.progress import Task

_START = -1.0
_RATE, _DECAY = 0.1, (0.9, 0.999)
_SHOWING = 96
"""Of the pictures that show a concept at most so many, those with most of it."""


@dataclass(frozen=True)
class SetOptions:
    """How sets are optimised.

    Attributes:
        steps: Steps of Adam for each concept.
        batch: Pictures at each step; half of them for insertions too.
        seconds: The most time for each concept; a set that takes longer is kept as far as it is.
        insertion: What the term of insertions counts, beside 1 for that of ablations.
        penalty: λ: 20 units in the set whole cost 20 λ, where removing the concept wins up to 1.
        least: Pictures that must show a concept at least.
    """

    steps: int = 60
    batch: int = 16
    seconds: float = 120.0
    insertion: float = 1.0
    penalty: float = 0.015
    least: int = 8


@dataclass(frozen=True)
class Target:
    """What a set is looked for.

    Attributes:
        concept: Its name.
        index: In the vocabulary.
        plane: Number of its plane in label maps.
        values: What units become where they are switched on, for every unit of the layer.
    """

    concept: str
    index: int
    plane: int
    values: Float[Tensor, "unit"]


@dataclass
class _Descent:
    """Where a search is, as it is kept between steps."""

    raw: Float[Tensor, "unit"]
    mean: Float[Tensor, "unit"]
    square: Float[Tensor, "unit"]
    step: int = 0
    seconds: float = 0.0

    @classmethod
    def at(cls, path: Path, units: int) -> _Descent:
        """As it was kept, or the start."""
        try:
            tensors, told = storage.load_tensors(path)
            return cls(**tensors, step=int(told["step"]), seconds=float(told["seconds"]))
        except (FormatError, KeyError, TypeError, ValueError):
            return cls(torch.full((units,), _START), torch.zeros(units), torch.zeros(units))

    def keep(self, path: Path) -> None:
        tensors = {"raw": self.raw, "mean": self.mean, "square": self.square}
        storage.save_tensors(path, tensors, {"step": str(self.step), "seconds": repr(self.seconds)})

    def follow(self, gradient: Float[Tensor, "unit"]) -> None:
        """One step of Adam."""
        self.step += 1
        first, second = _DECAY
        self.mean = first * self.mean + (1 - first) * gradient
        self.square = second * self.square + (1 - second) * gradient.square()
        mean, square = self.mean / (1 - first**self.step), self.square / (1 - second**self.step)
        self.raw = self.raw - _RATE * mean / (square.sqrt() + 1e-8)


class SetSearch:
    """Optimises sets of units on a pool of pictures.

    Args:
        series: Model, layer and source; its segmenter must let gradients through.
        pool: The pictures.
        options: How sets are optimised.

    Raises:
        UnsupportedError: No gradient flows through the segmenter.
    """

    def __init__(self, series: Series, pool: Pool, options: SetOptions) -> None:
        reader = series.reader
        if not isinstance(reader, Probing):
            raise UnsupportedError(
                f"A set of units is found by gradient through the segmenter, and {type(reader).__name__} has "
                "no `probability(images, concept)` that lets gradients through.",
                "Name a shipped segmenter or hf:ORG/NAME, or leave --sets out.",
            )
        self.reader: Probing = reader
        self.series, self.pool, self.options = series, pool, options

    def measurable(self, index: int) -> bool:
        """Whether enough pictures show a concept."""
        return len(self.pool.showing(index, _SHOWING)) >= self.options.least

    def find(self, target: Target, path: Path, task: Task) -> tuple[Float[Tensor, "unit"], int]:
        """α of every unit, and the steps that were taken.

        Args:
            target: The concept.
            path: Where the search is kept after every step, and continued from.
            task: Advances by steps, those of before included.

        Raises:
            CancelledError: The person cancelled; the search continues from the last step.
        """
        asked = self.options
        search = _Descent.at(path, self.series.layer.units)
        task.advance(search.step)
        while search.step < asked.steps and search.seconds < asked.seconds:
            began = time.monotonic()
            raw = search.raw.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(self._loss(raw.sigmoid(), target, search.step), raw)
            search.follow(gradient)
            search.seconds += time.monotonic() - began
            search.keep(path)
            task.advance()
        task.advance(asked.steps - search.step)
        return search.raw.sigmoid(), search.step

    def _loss(self, alpha: Float[Tensor, "unit"], target: Target, step: int) -> Float[Tensor, ""]:
        """The loss on the pictures and places of a step."""
        random = np.random.RandomState([self.series.seed % 2**32, target.index, step])
        showing = self.pool.showing(target.index, _SHOWING)
        some = random.choice(showing, self.options.batch, replace=len(showing) < self.options.batch)
        drawn = self.series.through([self.pool.numbers[int(picture)] for picture in some])
        weight = alpha.to(drawn.maps)[None, :, None, None]
        there = torch.from_numpy(self.pool.labels[some, target.plane] == target.index)
        ablated = self.reader.probability(drawn.draw(drawn.maps * (1 - weight)), target.concept)
        loss = ablated[there.to(ablated.device)].mean() + self.options.penalty * alpha.square().sum()
        half = slice(len(some) // 2)
        if self.options.insertion and (places := self._places(some[half], target.index, random)).any():
            shape = drawn.maps.shape[2:]
            on = functional.interpolate(torch.from_numpy(places)[:, None], shape, mode="nearest").to(weight)
            maps, values = drawn.maps[half], target.values.to(weight)[None, :, None, None]
            inserted = drawn.draw(maps + on * weight * (values - maps), half)
            found = self.reader.probability(inserted, target.concept)
            read = functional.interpolate(torch.from_numpy(places)[:, None], found.shape[1:], mode="nearest")
            loss = loss - self.options.insertion * found[read[:, 0].to(found.device) > 0].mean()
        return loss

    def _places(
        self, pictures: np.ndarray, index: int, random: np.random.RandomState
    ) -> Float[np.ndarray, "picture row column"]:
        """One cell for each picture, 1 in it; none where every cell shows the concept."""
        likely = self.pool.places(index)[pictures]
        chosen = np.zeros_like(likely, dtype=np.float32)
        for row, weights in enumerate(likely):
            if weights.any():
                chosen[row, random.choice(len(weights), p=weights / weights.sum())] = 1
        return chosen.reshape(len(likely), *self.pool.grid)
