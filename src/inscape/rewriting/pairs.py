"""Rules of classifiers: pictures with a new look are to be read as the same pictures without it.

Editing a Classifier by Rewriting Its Prediction Rules (Santurkar et al., NeurIPS 2021, section 3): the keys
are those of the changed picture at the places of the change, and the values to write are the layer's output
for the picture as it was. One pair is enough. The directions are the strongest of the keys after whitening by
the second moment of ordinary pictures, as in Rewriting a Deep Generative Model, and the solver is that of
`rewrite_layer`. In a block of several convolutions the one that runs last changes, and the values are the
output of the block, the sum of its residual included, as in the authors' code for residual networks.

Beyond the paper, `spread` shows the change of a pair on ordinary pictures too, so that one pair tells the new
look from what was around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from inscape.editing import WeightEdit
from inscape.editing.rule_settings import RuleSettings
from inscape.errors import RegionError, ShapeError, UnsupportedError, ValueRangeError
from inscape.progress import SilentProgress
from inscape.rewriting.goals import Goal
from inscape.rewriting.key_space import KeySpace
from inscape.rewriting.memories import memory_of
from inscape.rewriting.memory import LayerMemory, Reading, need_cpu
from inscape.rewriting.rewriter import rewrite_layer
from inscape.sources.source import shown
from inscape.statistics import SecondMoment

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Model
    from inscape.progress import Progress

_BATCH = 16
_SPILT = 16
"""Ordinary pictures over which the change of the layer's sums is held down."""
_DIFFERENT = 8 / 255


@dataclass(frozen=True, eq=False)
class Pair:
    """One picture twice.

    Attributes:
        plain: As it was, `[3, height, width]`, RGB in [-1, 1].
        changed: With the new look.
        mask: Where it changed, `[height, width]`, 0 to 1; where the two differ by more than 4 grey levels
            unless given.

    Raises:
        ShapeError: The two are not of one size, or the mask is of another.
        RegionError: The mask is empty, or the two do not differ.
    """

    plain: Float[Tensor, "3 height width"]
    changed: Float[Tensor, "3 height width"]
    mask: Float[Tensor, "height width"] | None = None

    def __post_init__(self) -> None:
        """Check the sizes."""
        mask = self.plain[0] if self.mask is None else self.mask
        if self.plain.shape != self.changed.shape or mask.shape != self.plain.shape[1:]:
            raise ShapeError(
                "The two pictures of a pair and its mask have one size, got "
                f"{_size(self.plain)}, {_size(self.changed)} and {_size(mask)}."
            )
        if not bool(self.where.any()):
            raise RegionError(
                "The two pictures of a pair do not differ."
                if self.mask is None
                else "The mask of a pair is empty.",
                "Change one of them where the new look is.",
            )

    @property
    def where(self) -> Float[Tensor, "height width"]:
        """Where it changed."""
        if self.mask is not None:
            return self.mask
        return ((self.plain - self.changed).abs().amax(0) > _DIFFERENT).float()

    def spread(self, pictures: Float[Tensor, "count 3 height width"], seed: int = 0) -> list[Pair]:
        """The same change on other pictures, in each at a random place.

        The change hides what it lies on, as a sticker or snow on the ground does. Of a change that only
        tints a picture, this shows something else.

        Args:
            pictures: RGB in [-1, 1].
            seed: Of the places.
        """
        where = self.where
        rows, columns = (torch.nonzero(where.amax(axis) > 0)[:, 0] for axis in (1, 0))
        top, left = int(rows[0]), int(columns[0])
        box = (slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1))
        height, width = where[box].shape
        draws, found = np.random.RandomState(seed), []
        for picture in pictures:
            y, x = draws.randint(where.shape[0] - height + 1), draws.randint(where.shape[1] - width + 1)
            place = (slice(y, y + height), slice(x, x + width))
            mask, changed = torch.zeros_like(where), picture.clone()
            mask[place] = where[box]
            changed[:, *place] = torch.lerp(picture[:, *place], self.changed[:, *box], where[box])
            found.append(Pair(picture, changed, mask))
        return found


class PairRewriter:
    """Makes rules for one layer of a network that takes pictures, and keeps the second moment of its keys.

    Args:
        model: A classifier, or any network that takes pictures.
        layer: The layer's name; the default layer unless given.
        ordinary: Pictures whose answers should stay, `[count, 3, height, width]`, RGB in [-1, 1].
        progress: Reports the pictures read.

    Raises:
        UnsupportedError: The model takes no pictures or is not on the CPU, or the layer holds no map that can
            be rewritten.
        LayerError: There is no such layer, or it has no weights.
        ValueRangeError: The pictures have fewer places than a key has numbers.
        CancelledError: The person cancelled.
    """

    def __init__(
        self,
        model: Model,
        layer: str | None,
        ordinary: Float[Tensor, "count 3 height width"],
        *,
        progress: Progress | None = None,
    ) -> None:
        if model.card.kind not in ("classifier", "encoder"):
            raise UnsupportedError(
                f"A rule from pairs of pictures needs a classifier; {model.name!r} is {model.card.noun}."
            )
        need_cpu(model)
        self.model = model
        self.memory: LayerMemory = memory_of(model, layer)
        second = SecondMoment(self.memory.width)
        with (progress or SilentProgress()).task("Gathering keys", len(ordinary), "pictures") as task:
            for batch in ordinary.split(_BATCH):
                second.add(self.reading(batch).shown)
                task.advance(len(batch))
        self.space = KeySpace(second)
        self._pictures = ordinary
        self._ordinary = self.reading(ordinary[:_SPILT])

    def reading(self, pictures: Float[Tensor, "count 3 height width"]) -> Reading:
        """What the layer does with pictures."""
        return self.memory.read(lambda: shown(self.model, pictures))

    def rewrite(
        self,
        pairs: Sequence[Pair],
        settings: RuleSettings | None = None,
        *,
        spread: int = 0,
        progress: Progress | None = None,
    ) -> WeightEdit:
        """The edit that makes the layer read the changed pictures as the plain ones.

        Args:
            pairs: One is enough.
            settings: Rank, ridge, spill, solver and steps.
            spread: On so many ordinary pictures the change of each pair is shown too; see `Pair.spread`.
            progress: Reports the steps done.

        Raises:
            ValueRangeError: There is no pair, the rank is out of range, or there are fewer ordinary pictures.
            CancelledError: The person cancelled.
        """
        if not pairs:
            raise ValueRangeError("A rule from pairs needs at least one pair.")
        if not 0 <= spread <= len(self._pictures):
            raise ValueRangeError(
                f"A change is spread over 0 to {len(self._pictures)} ordinary pictures, got {spread}."
            )
        settings = settings or RuleSettings()
        pairs = [*pairs, *self._spread(pairs, spread)]
        changed = self.reading(torch.stack([pair.changed for pair in pairs]))
        plain = self.reading(torch.stack([pair.plain for pair in pairs])).values
        masks = torch.stack([pair.where for pair in pairs])[:, None].float()
        at_keys = functional.adaptive_avg_pool2d(masks, _sides(changed.shown))[:, 0]
        at_values = functional.adaptive_avg_pool2d(masks, _sides(plain))[:, 0]
        keys = changed.shown.movedim(1, -1).flatten(0, 2)
        directions = self.space.directions(keys, at_keys.flatten(), settings.rank, method=settings.method)
        goals = [
            Goal(changed.one(number), plain[number], at_values[number], (at_values[number] == 0).float())
            for number in range(len(pairs))
        ]
        return rewrite_layer(
            self.memory, goals, directions, settings, ordinary=self._ordinary, progress=progress
        )

    def _spread(self, pairs: Sequence[Pair], count: int) -> list[Pair]:
        """The change of each pair on ordinary pictures, drawn by the pair's number."""
        found = []
        for number, pair in enumerate(pairs):
            order = np.random.RandomState(number).permutation(len(self._pictures))[:count]
            found += pair.spread(self._pictures[order], number)
        return found


def _sides(maps: Tensor) -> tuple[int, int]:
    height, width = maps.shape[2:]
    return height, width


def _size(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape[-2:]))
