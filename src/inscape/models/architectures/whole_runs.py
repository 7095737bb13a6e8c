"""Stopping after a layer, and going on from there, where a synthesis cannot do it itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from torch import Tensor, nn

from inscape.errors import LayerError
from inscape.models.architectures.synthesis_state import SynthesisState
from inscape.models.taps import Tap


class WholeRuns:
    """Runs the whole synthesis each time, and reads or replaces the output of the layer.

    It is as slow as drawing anew, and equal to it.

    Args:
        synthesis: From w to pictures.
        tapped: Calls a function with the output of a layer (`Model.tapped`).
    """

    def __init__(
        self, synthesis: nn.Module, tapped: Callable[[str, Tap], AbstractContextManager[None]]
    ) -> None:
        self._synthesis, self._tapped = synthesis, tapped

    def run_until(self, w: Tensor, layer: str) -> SynthesisState:
        """Run everything, and keep the output of a layer.

        Raises:
            LayerError: The layer takes no part in drawing from w.
        """
        kept: list[Tensor] = []
        with self._tapped(layer, lambda _, output: kept.append(output.clone())):
            self._synthesis(w)
        if not kept:
            raise LayerError(f"Layer {layer!r} is not part of the synthesis from w, so no layer is above it.")
        return SynthesisState(layer, kept[0], None, w)

    def resume(self, state: SynthesisState) -> Tensor:
        """Run everything, with that layer's output replaced."""
        with self._tapped(state.layer, lambda *_: state.features):
            return self._synthesis(state.w)  # type: ignore[no-any-return]
