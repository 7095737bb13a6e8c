"""Pictures of fresh latents, drawn again and again with units changed; what lies below the layer runs once.

What a unit causes is measured on pictures that the dissection which chose it has never seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import comb
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar

import numpy as np
import torch

from inscape.activations import as_maps
from inscape.dissection.unit_set import UnitSet, check_units
from inscape.errors import ValueRangeError
from inscape.parallel import over_pictures, pieces_of
from inscape.progress import SilentProgress
from inscape.segmenters import fitting_segmenter
from inscape.sources import GeneratedPictures

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.editing import UnitEdit
    from inscape.models import Generator, Layer
    from inscape.models.architectures.synthesis_state import SynthesisState
    from inscape.parallel import Executor
    from inscape.progress import Progress
    from inscape.segmenters import Segmenter
    from inscape.sources import LatentSource

R = TypeVar("R")

FRESH_SEED = 1_000_000
"""Where the seeds of effects start: dissections count from 0."""

BATCH = 32
"""Pictures at once."""


class Looking(TypedDict, total=False):
    """The options of every measurement of causal effects.

    Attributes:
        source: The latents that pictures are drawn from; those of seeds unless given.
        images: Number of pictures.
        seed: Of the first picture, far from where dissections count unless given; random sets follow from it.
        controls: Number of random sets of as many units, 20 unless given.
        segmenter: Labels the pictures; the one on the model's card unless given.
        progress: Reports the pictures done.
        executor: Who measures the pictures; this process unless given.
    """

    source: LatentSource | None
    images: int
    seed: int
    controls: int
    segmenter: Segmenter | str | None
    progress: Progress | None
    executor: Executor | None


@dataclass(frozen=True)
class Series:
    """The pictures that one measurement looks at; the fields are those of `Looking`."""

    model: Generator
    layer: Layer
    images: int
    seed: int = FRESH_SEED
    controls: int = 20
    source: LatentSource | None = None
    segmenter: Segmenter | str | None = None
    progress: Progress | None = None
    executor: Executor | None = None

    @classmethod
    def of(cls, model: Generator, layer: str | None, images: int, looking: Looking) -> Series:
        """What was asked for, of a layer (the default one unless named), with so many images unless it says.

        Raises:
            LayerError: There is no such layer.
        """
        asked: Looking = {"images": images, **looking}
        return cls(model, model.layer(layer), **asked)

    @cached_property
    def reader(self) -> Segmenter:
        """What labels the pictures.

        Raises:
            UnsupportedError: No segmenter fits the generator.
        """
        return fitting_segmenter(self.model, self.segmenter)

    @cached_property
    def numbers(self) -> range:
        """The numbers of the pictures in their source.

        Raises:
            ValueRangeError: Fewer than 2 pictures.
            UsageError: Seeds that do not exist.
        """
        found = self._latents.numbers(self.seed, self.images)
        if len(found) < 2:
            raise ValueRangeError(
                f"An effect is measured on at least 2 pictures, got {len(found)}.", "Ask for 200."
            )
        return found

    @cached_property
    def _latents(self) -> LatentSource:
        return self.source or GeneratedPictures(self.model)

    def variants(self, numbers: Sequence[int]) -> Variants:
        """Some of the pictures."""
        return Variants(self.model, self.layer, self._latents.latents(numbers), numbers)

    def through(self, numbers: Sequence[int]) -> Through:
        """Some of the pictures, drawn so that gradients flow to the features of the layer."""
        return Through(self.model, self.layer, self._latents.latents(numbers))

    def batches(self, task: str, *, at_once: int = BATCH) -> Iterator[Variants]:
        """All pictures, batch by batch, while progress is told."""
        numbers = self.numbers
        with (self.progress or SilentProgress()).task(task, len(numbers), "pictures") as told:
            for start in range(0, len(numbers), at_once):
                batch = self.variants(numbers[start : start + at_once])
                yield batch
                told.advance(len(batch.seeds))

    def over(self, measure: Callable[[Variants], R], task: str, *, at_once: int = BATCH) -> Iterator[R]:
        """What is measured of all pictures, batch by batch, by the executor, while progress is told.

        Args:
            measure: A value that other processes can be sent.
            task: What is done, as a person reads it.
            at_once: Pictures in a batch; between batches the work can be stopped.
        """
        work = _OfBatch(replace(self, segmenter=None, progress=None, executor=None), measure)
        pieces = pieces_of(self.numbers, at_once)
        return over_pictures(work, pieces, task, executor=self.executor, progress=self.progress)

    def random_sets(self, units: Sequence[int]) -> list[list[int]]:
        """The random sets of as many units; see `random_sets`."""
        return random_sets(self.layer.units, units, self.controls, self.seed)


@dataclass(frozen=True)
class _OfBatch(Generic[R]):
    """What is measured of one batch of a series."""

    series: Series
    measure: Callable[[Variants], R]
    side_by_side: bool = False

    def __call__(self, numbers: range) -> R:
        return self.measure(self.series.variants(numbers))


class Variants:
    """A batch of pictures that can be drawn with any change of one layer.

    Args:
        model: The generator.
        layer: The layer that changes.
        w: Latents of the pictures.
        numbers: Of the pictures in their source.

    Attributes:
        features: The output of the layer unchanged.
    """

    def __init__(
        self,
        model: Generator,
        layer: Layer,
        w: Float[Tensor, "batch num_ws w_dim"],
        numbers: Sequence[int],
    ) -> None:
        self._model, self.layer, self.seeds = model, layer, tuple(numbers)
        self._state = model.run_until(w, layer.name)
        self.features: Tensor = self._state.features

    @property
    def maps(self) -> Float[Tensor, "batch unit height width"]:
        """A view of the features with units first."""
        return as_maps(self.features, self.layer.axes)

    def draw(self, features: Float[Tensor, "batch ..."] | None = None) -> Float[Tensor, "batch 3 h w"]:
        """The pictures with other features in the layer, or the unchanged ones; RGB in [-1, 1]."""
        changed = self.features if features is None else features
        return self._model.resume(replace(self._state, features=changed)).clamp(-1, 1)

    @torch.inference_mode()
    def edited(self, *edits: UnitEdit) -> Float[Tensor, "batch 3 height width"]:
        """The pictures with edits of this layer made in order."""
        features = self.features
        for edit in edits:
            features = edit.transform(features, self._model.image_size, self.layer.axes)
        return self.draw(features)

    @torch.inference_mode()
    def painted(
        self,
        units: Sequence[int],
        values: Float[Tensor, "unit"],
        weights: Float[Tensor, "batch height width"],
        *,
        add: bool = False,
    ) -> Float[Tensor, "batch 3 height width"]:
        """The pictures with units drawn in, each picture in a place of its own.

        Args:
            units: Channels of the layer.
            values: What they become where the weight is 1, or what is added to them there.
            weights: From 0 to 1, on the layer's grid.
            add: Whether values are added.
        """
        index = torch.tensor(tuple(units), device=self.features.device)
        chosen, features = self.maps[:, index], self.features.clone()
        target = values.to(chosen)[None, :, None, None].expand_as(chosen)
        part = weights.to(chosen)[:, None]
        painted = chosen + part * target if add else torch.lerp(chosen, target, part.expand_as(chosen))
        as_maps(features, self.layer.axes)[:, index] = painted
        return self.draw(features)

    def levels(self, fraction: float) -> Float[Tensor, "unit"]:
        """For every unit of the layer, the value that a fraction of this batch's activations stay below."""
        flat = self.maps.float().transpose(0, 1).flatten(1)
        return torch.quantile(flat[:, : 2**20], fraction, dim=1)

    def peaks(self) -> Float[np.ndarray, "picture unit"]:
        """The largest value of every unit in every picture, float64."""
        return self.maps.amax((2, 3)).double().cpu().numpy()


class Through:
    """A batch of pictures that gradients flow through, from the picture to the features of a layer.

    Args:
        model: The generator.
        layer: The layer whose features change.
        w: Latents of the pictures.

    Attributes:
        maps: The output of the layer unchanged, units first.
    """

    def __init__(self, model: Generator, layer: Layer, w: Float[Tensor, "batch num_ws w_dim"]) -> None:
        self._stopping, self._axes = model.stopping, layer.axes
        with torch.no_grad():  # what inference mode made cannot be used in a backward pass
            self._state = self._stopping.run_until(w.clone(), layer.name)
        self.maps = as_maps(self._state.features, layer.axes)

    def draw(
        self, maps: Float[Tensor, "some unit height width"], part: slice = slice(None)
    ) -> Float[Tensor, "some 3 height width"]:
        """The pictures, or a part of them, with other features; RGB in [-1, 1].

        What is out of range is clamped in the picture alone: the gradient passes as if it were not.
        """
        features = self._state.features[part].clone()
        as_maps(features, self._axes).copy_(maps)
        images = self._stopping.resume(_part_of(self._state, features, part))
        return images + (images.clamp(-1, 1) - images).detach()


def _part_of(state: SynthesisState, features: Tensor, part: slice) -> SynthesisState:
    """The state of some pictures of a batch, with other features."""
    whole = len(state.features)

    def cut(each: Tensor | None) -> Tensor | None:
        return each[part] if each is not None and len(each) == whole else each

    noise = {name: each[part] if len(each) == whole else each for name, each in state.noise.items()}
    rgb, around = cut(state.rgb), cut(state.whole)
    return replace(state, features=features, rgb=rgb, w=state.w[part], whole=around, noise=noise)


def bare_units(model: Generator, layer: str | None, units: Sequence[int]) -> UnitSet:
    """Units of a layer without values: enough to switch them off, not to draw with them.

    Raises:
        LayerError: There is no such layer.
        UnitError: A unit is not in the layer, is named twice, or none is named.
    """
    place = model.layer(layer)
    check_units(units, place.name, place.units)
    return UnitSet(model.name, place.name, tuple(units), None, torch.full((len(units),), float("nan")))


def random_sets(total: int, units: Sequence[int], sets: int, seed: int) -> list[list[int]]:
    """As many random units as there are in `units`, drawn from the rest of the layer, `sets` times.

    None where the rest has fewer than two different sets of as many: a set that holds units of the first is
    no comparison with it.
    """
    rest = np.setdiff1d(np.arange(total), np.asarray(units))
    if comb(len(rest), len(units)) < 2:
        return []
    random = np.random.RandomState(seed % 2**32)
    return [sorted(random.choice(rest, len(units), replace=False).tolist()) for _ in range(sets)]


def no_comparison(count: int) -> str:
    """What is said where `random_sets` gives none.

    Args:
        count: Units in the set.
    """
    return f"no comparison: outside this set the layer has too few units for random sets of {count}"
