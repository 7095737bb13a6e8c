"""What a synthesis that stopped after a layer needs to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SynthesisState:
    """A synthesis that stopped after a layer.

    Attributes:
        layer: Name of the layer that ran last.
        features: Its output, `[batch, units, height, width]`.
        rgb: With skip outputs, the picture of the blocks below, float32, at their resolution; None in the
            first block and where there are no such outputs.
        w: `[batch, num_ws, w_dim]`.
        whole: Where a layer's output reaches beyond the picture, all of it; `features` is its middle.
        noise: Noise of every layer that has some, by layer name, `[batch or 1, 1, height, width]`.
    """

    layer: str
    features: Tensor
    rgb: Tensor | None
    w: Tensor
    whole: Tensor | None = None
    noise: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """What its tensors hold in memory, in bytes."""
        tensors = (self.features, self.rgb, self.w, self.whole, *self.noise.values())
        return sum(each.nbytes for each in tensors if each is not None)


class Stopping(Protocol):
    """What can stop after a layer and go on from there."""

    def run_until(self, w: Tensor, layer: str) -> SynthesisState:
        """Run up to and with a layer."""

    def resume(self, state: SynthesisState) -> Tensor:
        """Go on to the picture, `[batch, 3, height, width]`."""
