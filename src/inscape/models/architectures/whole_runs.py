"""Stopping after a layer, and going on from there, where a synthesis cannot do it itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from inscape.errors import LayerError
from inscape.models.architectures.synthesis_state import SynthesisState


class WholeRuns:
    """Runs the whole synthesis each time, and reads or replaces the output of the layer.

    It is as slow as drawing anew, and equal to it.

    Args:
        synthesis: From w to pictures.
        module_of: The module of a layer, by name.
    """

    def __init__(self, synthesis: Any, module_of: Callable[[str], nn.Module]) -> None:
        self._synthesis, self._module_of = synthesis, module_of

    def run_until(self, w: Tensor, layer: str) -> SynthesisState:
        """Run everything, and keep the output of a layer.

        Raises:
            LayerError: The layer takes no part in drawing from w.
        """
        kept: list[Tensor] = []
        with self._hooked(layer, kept.append):
            self._synthesis(w)
        if not kept:
            raise LayerError(f"Layer {layer!r} takes no part in drawing from w, so nothing is above it.")
        return SynthesisState(layer, kept[0], None, w)

    def resume(self, state: SynthesisState) -> Tensor:
        """Run everything, with that layer's output replaced."""
        with self._hooked(state.layer, lambda output: state.features):
            return self._synthesis(state.w)  # type: ignore[no-any-return]

    @contextmanager
    def _hooked(self, layer: str, change: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
        hook = self._module_of(layer).register_forward_hook(lambda _, arguments, output: change(output))
        try:
            yield
        finally:
            hook.remove()
