"""A synthesis around any module that draws pictures from latents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from inscape.models.architectures.synthesis_state import SynthesisState


class ModuleSynthesis(nn.Module):
    """z to pictures by a module that cannot stop halfway.

    What resumes from a layer runs the whole module again, with the layer's output replaced: as slow as
    drawing anew, and equal to it.

    Attributes:
        as_map: Whether the module takes its latents as `[batch, z_dim, 1, 1]`.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.as_map = False

    def forward(self, w: Tensor) -> Tensor:
        """`[batch, 1, z_dim]` to pictures `[batch, 3, height, width]`."""
        z = w[:, 0]
        images: Tensor = self.module(z[:, :, None, None] if self.as_map else z)
        return images

    def run_until(self, w: Tensor, layer: str) -> SynthesisState:
        """Run everything, and keep the output of a layer (a dotted name in the module)."""
        kept: list[Tensor] = []
        with self._hooked(layer, lambda output: kept.append(output)):
            self(w)
        return SynthesisState(layer, kept[0], None, w)

    def resume(self, state: SynthesisState) -> Tensor:
        """Run everything, with that layer's output replaced."""
        with self._hooked(state.layer, lambda output: state.features):
            return self(state.w)  # type: ignore[no-any-return]

    @contextmanager
    def _hooked(self, layer: str, change: Any) -> Iterator[None]:
        module = self.module.get_submodule(layer)
        handle = module.register_forward_hook(lambda _, arguments, output: change(output))
        try:
            yield
        finally:
            handle.remove()
