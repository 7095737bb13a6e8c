"""Gains: factors on the activations of fine layers, with which they draw one photo exactly.

Semantic Photo Manipulation (Bau et al., SIGGRAPH 2019) multiplies the activations of finer layers by 1 + d,
with d of their full shape, and sets d to 0 where the user paints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn import functional

from inscape.activations import edited

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Model


@dataclass(frozen=True, eq=False)
class Gains:
    """An edit that multiplies the outputs of layers by 1 + d.

    Args:
        maps: d of each layer, `[unit, height, width]`, by layer name.
        painted: Where d is left out, `[size, size]` in [0, 1]; nowhere unless given.
    """

    maps: Mapping[str, Float[Tensor, "unit height width"]]
    painted: Float[Tensor, "size size"] | None = None

    @contextmanager
    def applied(self, model: Model) -> Iterator[None]:
        """Multiply while the block runs, and restore the model afterwards.

        Raises:
            LayerError: The model has no such layer.
        """
        with ExitStack() as stack:
            for name, gain in self.maps.items():
                stack.enter_context(edited(model, name, (1 + self._kept(gain)).mul))
            yield

    def _kept(self, gain: Tensor) -> Tensor:
        if self.painted is None:
            return gain
        height, width = gain.shape[1:]
        painted = functional.adaptive_max_pool2d(self.painted[None, None], (height, width))[0]
        return gain * (1 - painted.to(gain))
