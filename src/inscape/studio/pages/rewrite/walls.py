"""Walls of pictures under weight edits: what lies below the lowest edited layer is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import inscape
from inscape.models.weights import state_of
from inscape.pictures import to_uint8

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models.architectures.synthesis_state import SynthesisState

BATCH = 16
_MOST_BYTES = 256 * 2**20


class Walls:
    """Draws pictures of one generator; everything here runs in the compute thread.

    Args:
        generator: Where it changes, everything that was kept is forgotten.
    """

    def __init__(self, generator: inscape.Generator) -> None:
        self._generator = generator
        self._order = list(generator.layers)
        self._states: OrderedDict[Hashable, SynthesisState] = OrderedDict()
        self._network: Hashable = None

    def draw(self, seeds: Sequence[int], edits: Sequence[inscape.WeightEdit] = ()) -> NDArray[np.uint8]:
        """The pictures of seeds with edits, uint8 `[picture, height, width, 3]`.

        Raises:
            LayerError, ShapeError, ConflictError: An edit does not fit the generator.
        """
        import numpy as np

        size = self._generator.image_size
        if not seeds:
            return np.empty((0, size, size, 3), np.uint8)
        batches = [tuple(seeds[start : start + BATCH]) for start in range(0, len(seeds), BATCH)]
        return np.concatenate([to_uint8(self._batch(batch, edits)) for batch in batches])

    def keep(self, seeds: Sequence[int], layer: str) -> None:
        """Draw what lies below a layer now, so that an edit of it need not wait for that.

        Raises:
            LayerError: There is no such layer.
        """
        below = self._below([layer])
        if below is not None:
            for start in range(0, len(seeds), BATCH):
                self._state(tuple(seeds[start : start + BATCH]), below)

    def _batch(self, seeds: tuple[int, ...], edits: Sequence[inscape.WeightEdit]) -> Tensor:
        below = self._below([edit.check(self._generator).name for edit in edits])
        if below is None:
            w = self._generator.w_of_seeds(seeds)
            return self._generator.images(w, edits)
        state = self._state(seeds, below)
        with self._generator.edited(edits):
            return self._generator.resume(state)

    def _below(self, layers: Sequence[str]) -> str | None:
        """The layer under all of these; None where the whole network has to run."""
        lowest = min((self._order.index(self._generator.layer(name).name) for name in layers), default=0)
        return self._order[lowest - 1] if lowest and self._generator.stops else None

    def _state(self, seeds: tuple[int, ...], layer: str) -> SynthesisState:
        key, network = (seeds, layer), state_of(self._generator.module)
        if network != self._network:
            self._states.clear()
            self._network = network
        if key not in self._states:
            w = self._generator.w_of_seeds(seeds)
            self._states[key] = self._generator.run_until(w, layer)
            while (
                len(self._states) > 1 and sum(state.nbytes for state in self._states.values()) > _MOST_BYTES
            ):
                self._states.popitem(last=False)
        self._states.move_to_end(key)
        return self._states[key]
