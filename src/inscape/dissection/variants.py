"""Pictures of fresh seeds, drawn again and again with units changed; what lies below the layer runs once.

What a unit causes is measured on pictures that the dissection which chose it has never seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.dissection.unit_set import UnitSet
from inscape.errors import UnitError, UnsupportedError, UsageError, ValueRangeError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.segmenters import Segmenter

FRESH_SEED = 1_000_000
"""Where the seeds of effects start: dissections count from 0."""

BATCH = 32
"""Pictures at once."""


class Variants:
    """A batch of pictures that can be drawn with any change of one layer.

    Args:
        model: The generator.
        layer: Name of the layer that changes.
        seeds: Whose pictures.

    Attributes:
        features: What the layer puts out unchanged, `[batch, unit, height, width]`.
    """

    def __init__(self, model: Generator, layer: str, seeds: Sequence[int]) -> None:
        self._model, self.seeds = model, tuple(seeds)
        self._state = model.run_until(model.w_of_seeds(seeds), layer)
        self.features: Tensor = self._state.features

    def draw(
        self, features: Float[Tensor, "batch unit height width"] | None = None
    ) -> Float[Tensor, "batch 3 height width"]:
        """The pictures with other features in the layer, or the unchanged ones; RGB in [-1, 1]."""
        changed = self.features if features is None else features
        return self._model.resume(replace(self._state, features=changed)).clamp(-1, 1)

    def edited(self, *edits: UnitEdit) -> Float[Tensor, "batch 3 height width"]:
        """The pictures with edits of this layer made in order."""
        features = self.features
        with torch.inference_mode():
            for edit in edits:
                features = edit.transform(features, self._model.image_size)
        return self.draw(features)

    def painted(
        self,
        units: Sequence[int],
        values: Float[Tensor, "unit"],
        weights: Float[Tensor, "batch height width"],
    ) -> Float[Tensor, "batch 3 height width"]:
        """The pictures with units drawn in, each picture in a place of its own.

        Args:
            units: Channels of the layer.
            values: What they become where the weight is 1.
            weights: From 0 to 1, on the layer's grid.
        """
        index = torch.tensor(tuple(units), device=self.features.device)
        with torch.inference_mode():
            chosen = self.features[:, index]
            target = values.to(chosen)[None, :, None, None].expand_as(chosen)
            features = self.features.clone()
            features[:, index] = torch.lerp(chosen, target, weights.to(chosen)[:, None].expand_as(chosen))
        return self.draw(features)

    def levels(self, fraction: float) -> Float[Tensor, "unit"]:
        """For every unit of the layer, the value that a fraction of this batch's activations stay below."""
        flat = self.features.float().transpose(0, 1).flatten(1)
        return torch.quantile(flat[:, : 2**20], fraction, dim=1)


def batches(
    model: Generator, layer: str, *, seed: int, images: int, batch: int = BATCH
) -> Iterator[Variants]:
    """The pictures of `images` seeds from `seed` on, batch by batch.

    Raises:
        ValueRangeError: Fewer than 2 pictures.
        UsageError: Seeds that do not exist.
        LayerError: There is no such layer.
    """
    check_seeds(seed, images)
    for start in range(seed, seed + images, batch):
        yield Variants(model, layer, range(start, min(start + batch, seed + images)))


def check_seeds(seed: int, images: int) -> None:
    """Refuse what cannot be measured.

    Raises:
        ValueRangeError: Fewer than 2 pictures.
        UsageError: Seeds that do not exist.
    """
    if images < 2:
        raise ValueRangeError(f"An effect is measured on at least 2 pictures, got {images}.", "Ask for 200.")
    if seed < 0 or seed + images > 2**32:
        raise UsageError(f"Seeds are whole numbers from 0 to {2**32 - 1}; {images} from {seed} on are not.")


def fitting_segmenter(model: Generator, segmenter: Segmenter | str | None = None) -> Segmenter:
    """The segmenter that reads a generator's pictures.

    Args:
        model: The generator.
        segmenter: A segmenter or its name; the one on the model's card unless given.

    Raises:
        UnsupportedError: The card names none.
        ModelNotFoundError: There is none of that name.
    """
    if segmenter is not None and not isinstance(segmenter, str):
        return segmenter
    name = segmenter or model.card.segmenter
    if name is None:
        raise UnsupportedError(
            f"The card of {model.name!r} names no segmenter that fits its pictures.",
            "Name one: segmenter=, or --segmenter on the command line (town-segmenter, hf:ORG/NAME).",
        )
    from inscape.segmenters import open_segmenter

    return open_segmenter(name, device=model.device)


def bare_units(model: Generator, layer: str | None, units: Sequence[int]) -> UnitSet:
    """Units of a layer without values: enough to switch them off, not to draw with them.

    Raises:
        LayerError: There is no such layer.
        UnitError: A unit is not in the layer, is named twice, or none is named.
    """
    place = model.layer(layer)
    outside = [unit for unit in units if not 0 <= unit < place.units]
    if outside or not units or len(set(units)) != len(units):
        came = f"got {outside[:5]}" if outside else "got a unit twice" if units else "got none"
        raise UnitError(
            f"Layer {place.name!r} has units 0 to {place.units - 1}, each to be named once; {came}."
        )
    return UnitSet(model.name, place.name, tuple(units), None, torch.full((len(units),), float("nan")))


def random_sets(total: int, units: Sequence[int], sets: int, seed: int) -> list[list[int]]:
    """As many random units as there are in `units`, drawn from the rest of the layer, `sets` times.

    Where the rest is smaller than the set, the whole layer is drawn from.
    """
    random = np.random.RandomState(seed % 2**32)
    rest = np.setdiff1d(np.arange(total), np.asarray(units))
    pool = rest if len(rest) >= len(units) else np.arange(total)
    return [sorted(random.choice(pool, len(units), replace=False).tolist()) for _ in range(sets)]
