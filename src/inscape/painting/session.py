"""Interactive painting: only the layers above the brush are computed again.

Everything up to the lowest edited layer is kept per picture; of a growing stack of strokes only the new
ones are made. The picture is the same, byte for byte, as a full pass with the edits applied draws.

A picture that somebody waits for at the canvas need not be: `render(..., exact=False)` computes again only
what a stroke can have changed, and takes the rest from the picture that it drew last. It is within a grey
level of the exact one. What is stored, exported or replayed is always drawn in full.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from inscape.editing import UnitEdit
from inscape.errors import ShapeError
from inscape.models.weights import state_of
from inscape.pictures import to_uint8
from inscape.storage import content_key

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models import Edit, Generator
    from inscape.models.architectures.synthesis_state import SynthesisState
    from inscape.models.architectures.tail import Tail
    from inscape.pictures import Latent
    from inscape.regions import Region

T = TypeVar("T", "Tensor", "SynthesisState")


@dataclass(frozen=True)
class UnitActivity:
    """The activity of a unit under a region.

    Args:
        unit: Counted from 0.
        mean: Its mean under the region, each cell weighted with the region.
        peak: Its largest value in cells that the region covers at least in half, or in the most covered one.
        score: How far `mean` lies above its mean in the whole picture, in its standard deviations there;
            where levels were given, `peak` minus the level in the same measure.
        fired: Whether `peak` is above the unit's level; `None` where no levels were given.
    """

    unit: int
    mean: float
    peak: float
    score: float
    fired: bool | None = None


class _Recent(Generic[T]):
    """The values used last, up to a number and, but for the last one, up to so many bytes."""

    def __init__(self, capacity: int, most_bytes: int = 1 << 28) -> None:
        self._capacity, self._most_bytes = capacity, most_bytes
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key, made where it is not there."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        while len(self._values) > self._capacity or (
            len(self._values) > 1 and self._bytes > self._most_bytes
        ):
            self._values.popitem(last=False)
        return value

    @property
    def _bytes(self) -> int:
        return sum(value.nbytes for value in self._values.values())

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()


_STEPS_KEPT = 256
_STEP_BYTES_KEPT = 1 << 29
_LARGEST_TAIL = 1 << 30
"""Bytes of what the layers above a brush put out, above which they are not kept."""


@dataclass
class _Step:
    """An edit of the stack drawn last, and the features after it; `None` where it lies too far back."""

    edit: UnitEdit
    features: Tensor | None


@dataclass(frozen=True)
class _Drawn:
    """The picture drawn last: which one, from which layer on, and what the layers above that put out."""

    place: Hashable
    tail: Tail


class PaintSession:
    """Draws pictures of one generator under changing edits.

    Several threads may call it. It draws one picture at a time.

    Args:
        generator: Where its weights, attributes or hooks change, everything that was kept is forgotten. Of a
            few numbers that are changed by way of `.data` torch tells nothing: call `clear` then.
        capacity: Number of pictures (and layers) whose lower part is kept.
        least_unchanged: A stroke is drawn locally where at least so many pixels stay as they are. With fewer
            the whole picture is as fast, and exact; so pictures that have no more are always exact.
    """

    def __init__(self, generator: Generator, *, capacity: int = 64, least_unchanged: int = 128 * 128) -> None:
        self.generator = generator
        self._least_unchanged = least_unchanged
        self._order = {name: number for number, name in enumerate(generator.layers)}
        self._latents: _Recent[Tensor] = _Recent(4 * capacity)
        self._states: _Recent[SynthesisState] = _Recent(capacity)
        self._place: Hashable = None
        self._steps: list[_Step] = []
        self._drawn: _Drawn | None = None
        self._network = state_of(generator.module)
        self._lock = threading.RLock()

    def clear(self) -> None:
        """Forget every picture."""
        with self._lock:
            self._latents.clear()
            self._states.clear()
            self._steps.clear()
            self._drawn = None

    def _renew(self) -> None:
        """Forget every picture where the generator is not what it was."""
        now = state_of(self.generator.module)
        if now != self._network:
            self.clear()
            self._network = now

    def prepare(self, latent: Latent, layer: str | None = None) -> None:
        """Compute in advance what the first stroke on a picture needs.

        Raises:
            LayerError: There is no such layer.
            LatentError: The latent does not fit the generator.
        """
        with self._lock:
            self._renew()
            self._state(latent, self.generator.layer(layer).name)

    def render(self, latent: Latent, edits: Sequence[Edit] = (), *, exact: bool = True) -> NDArray[np.uint8]:
        """The picture with the edits made in order, uint8 `[height, width, 3]`.

        Unit edits are made on the kept features; where any other kind of edit is among them, the whole
        generator runs.

        Args:
            latent: The picture.
            edits: Made in order.
            exact: Whether the bytes must be those of a full pass. Otherwise they may differ by one grey
                level: where all edits are of one layer, only what can differ from the picture drawn last is
                computed again. Strokes that reach most of the picture, edits of several layers and
                architectures that must run whole are drawn exactly all the same.

        Raises:
            LayerError, UnitError, RegionError: An edit does not fit the generator.
            LatentError: The latent does not fit the generator.
        """
        with self._lock:
            self._renew()
            return self._render(latent, edits, exact=exact)

    def _render(self, latent: Latent, edits: Sequence[Edit], *, exact: bool) -> NDArray[np.uint8]:
        import torch

        unit_edits = [edit for edit in edits if isinstance(edit, UnitEdit)]
        with torch.inference_mode():
            if len(unit_edits) < len(edits):
                return _pixels(self.generator.images(self._w(latent), edits))
            for edit in unit_edits:
                self.generator.layer(edit.layer)
            lowest = self._lowest(unit_edits)
            state = self._state(latent, lowest)
            here = tuple(edit for edit in unit_edits if edit.layer == lowest)
            above = [edit for edit in unit_edits if edit.layer != lowest]
            features = self._paint(_latent_key(latent), state, here)
            state = replace(state, features=features)
            if not exact and not above:
                return _pixels(self._images_nearby(_latent_key(latent), state))
            with self.generator.edited(above):
                images = self.generator.resume(state)
            return _pixels(images)

    def preview(self, region: Region, layer: str | None = None) -> NDArray[np.float32]:
        """The region as a layer sees it: weights in [0, 1] on the layer's own grid, `[height, width]`.

        Raises:
            LayerError: There is no such layer.
            RegionError: The region lies outside the picture.
        """
        place = self.generator.layer(layer)
        weights = region.mask(place.size, place.size, image_size=self.generator.image_size)
        return np.asarray(weights, np.float32)

    def activity(
        self,
        latent: Latent,
        region: Region,
        layer: str | None = None,
        *,
        levels: NDArray[np.float32] | None = None,
        top: int = 20,
    ) -> list[UnitActivity]:
        """Which units fire under a region of the unedited picture, the strongest first.

        Args:
            latent: The picture.
            region: Where to look.
            layer: The layer to look at; the default layer unless given.
            levels: For each unit of the layer, the level above which it counts as firing, from a report.
            top: Number of units to return.

        Raises:
            LayerError: There is no such layer.
            RegionError: The region lies outside the picture.
            ShapeError: There are not as many levels as units.
        """
        maps, weights = self._under(latent, region, layer)
        if levels is not None and levels.shape != (len(maps),):
            raise ShapeError(
                f"Levels must hold one value for each of {len(maps)} units, got shape {list(levels.shape)}."
            )
        mean = _mean_under(maps, weights)
        peak = maps[:, weights >= min(0.5, weights.max())].max(1)
        spread = maps.std((1, 2)) + 1e-12
        score = (mean - maps.mean((1, 2)) if levels is None else peak - levels) / spread
        return [
            UnitActivity(
                int(unit),
                float(mean[unit]),
                float(peak[unit]),
                float(score[unit]),
                None if levels is None else bool(peak[unit] > levels[unit]),
            )
            for unit in np.argsort(-score, kind="stable")[:top]
        ]

    def means(self, latent: Latent, region: Region, layer: str | None = None) -> NDArray[np.float32]:
        """The mean of each unit of a layer under a region of the unedited picture.

        Painting with these values copies the appearance of the region.

        Example:
            >>> values = session.means(latent, inscape.box(20, 30, 8, 8))
            >>> edit = inscape.UnitEdit("layer16b", range(len(values)), values, inscape.box(40, 30, 8, 8))

        Raises:
            LayerError: There is no such layer.
            RegionError: The region lies outside the picture.
        """
        return _mean_under(*self._under(latent, region, layer)).astype(np.float32)

    def _under(
        self, latent: Latent, region: Region, layer: str | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The features of a layer, `[unit, height, width]`, and the weights of a region on its grid."""
        with self._lock:
            self._renew()
            features = self._state(latent, self.generator.layer(layer).name).features[0]
        maps = np.asarray(features.float().cpu(), np.float64)
        weights = region.mask(*maps.shape[1:], image_size=self.generator.image_size)
        return maps, weights.numpy().astype(np.float64)

    def _lowest(self, edits: Sequence[UnitEdit]) -> str:
        """The layer up to which edits change nothing."""
        layers = {edit.layer for edit in edits} or {self.generator.layer().name}
        return min(layers, key=self._order.__getitem__)

    def _w(self, latent: Latent) -> Float[Tensor, "1 num_ws w_dim"]:
        return self._latents.get(_latent_key(latent), lambda: self.generator.w_of(latent))

    def _state(self, latent: Latent, layer: str) -> SynthesisState:
        key = (_latent_key(latent), layer)
        return self._states.get(key, lambda: self.generator.run_until(self._w(latent), layer))

    def _images_nearby(self, picture: str, state: SynthesisState) -> Tensor:
        """The picture of a state, by way of the one drawn last where that is near."""
        drawn, self._drawn = self._drawn, None  # what fails halfway is not kept, nor two pictures at once
        place = (picture, state.layer)
        if drawn is None or drawn.place != place or not self._is_near(drawn.tail, state.features):
            drawn = None
            tail = self.generator.tail(state) if self._keeps_tail(state.layer) else None
            if tail is None:
                return self.generator.resume(state)
            self._drawn = _Drawn(place, tail)
            return tail.images
        images = drawn.tail.draw(state.features)
        self._drawn = drawn
        return images

    def _is_near(self, tail: Tail, features: Tensor) -> bool:
        return tail.unchanged(features) >= self._least_unchanged

    def _keeps_tail(self, layer: str) -> bool:
        """Whether what the layers above one put out is worth keeping, and small enough."""
        above = [
            each for name, each in self.generator.layers.items() if self._order[name] > self._order[layer]
        ]
        kept = 4 * sum(each.units * each.size**2 for each in above)
        return self.generator.image_size**2 > self._least_unchanged and kept <= _LARGEST_TAIL

    def _paint(self, picture: str, state: SynthesisState, edits: tuple[UnitEdit, ...]) -> Tensor:
        """The features of a state with edits made; what a stack begins with like the one before is kept."""
        if not edits:
            return state.features
        place, size = (picture, state.layer), self.generator.image_size
        if place != self._place:
            self._place, self._steps = place, []
        done = 0
        for step, edit in zip(self._steps, edits, strict=False):
            if step.edit is not edit and step.edit != edit:
                break
            done += 1
        while done and self._steps[done - 1].features is None:
            done -= 1
        features = self._steps[done - 1].features if done else state.features
        assert features is not None
        del self._steps[done:]
        for edit in edits[done:]:
            features = edit.transform(features, size, self.generator.layer(state.layer).axes)
            self._steps.append(_Step(edit, features))
        for step in self._steps[: -max(2, min(_STEPS_KEPT, _STEP_BYTES_KEPT // state.features.nbytes))]:
            step.features = None
        return features


def _mean_under(maps: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = (maps * weights).sum((1, 2)) / max(weights.sum(), 1e-12)
    return mean


def _pixels(images: Tensor) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = to_uint8(images)[0]
    return pixels


def _latent_key(latent: Latent) -> str:
    return content_key(latent.kind, latent.truncation, latent.class_index, latent.values.tobytes())
