"""One number that a network gives, and what each unit of a layer adds to it.

Where the number is linear in the units, their parts are exact. Elsewhere two methods share it out:

- integrated gradients (Sundararajan et al., ICML 2017): the gradient at the unit's activation, averaged over
  the path from a layer of zeros to the layer as it is, times the activation. The parts add up to the number
  less what it is for a layer of zeros.
- ablation: by how much the number falls when the unit alone is off. The parts need not add up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch

from inscape.activations import as_grid, as_maps
from inscape.models.card import Layer

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Model

Method: TypeAlias = Literal["linear", "gradients", "ablation"]
STEPS = 16
"""Of the path of integrated gradients, at the middles of equal intervals."""
_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Readout:
    """A number that a network gives.

    Attributes:
        model: The network.
        layer: Whose units are looked at.
        run: Runs the network for so many equal pictures, and gives what is read off them.
        number: From what was read to the number, of each picture.
    """

    model: Model
    layer: Layer
    run: Callable[[int], Tensor]
    number: Callable[[Tensor], Float[Tensor, "picture"]]

    def features(self) -> Tensor:
        """The layer's output for one picture."""
        kept: list[Tensor] = []
        with (
            torch.inference_mode(),
            self.model.tapped(self.layer, lambda _, output: kept.append(output.clone())),
        ):
            self.run(1)
        return kept[-1].clone()

    def with_units(self, scales: Float[Tensor, "picture unit"], features: Tensor) -> Float[Tensor, "picture"]:
        """The number with each unit times a scale."""
        found = []
        for some in scales.split(_AT_ONCE):
            with torch.inference_mode(), self._replaced(self._scaled(features, some)):
                found.append(self.number(self.run(len(some))))
        return torch.cat(found)

    def gradients(self, features: Tensor) -> Float[Tensor, "unit"]:
        """The part of every unit by integrated gradients."""
        total = torch.zeros(features.shape[self.layer.axes.index("unit") + 1], dtype=torch.float64)
        plain = features.clone()
        for some in ((torch.arange(STEPS) + 0.5) / STEPS).split(_AT_ONCE):
            with torch.enable_grad():
                shape = (-1, *(1,) * (plain.ndim - 1))
                path = (plain * some.to(plain).reshape(shape)).requires_grad_()
                with self._replaced(path * 1.0):
                    number = self.number(self.run(len(some))).sum()
                (slope,) = torch.autograd.grad(number, path)
            parts = as_maps(slope * plain, self.layer.axes)
            total += parts.flatten(2).sum((0, 2)).double().cpu()
        return total / STEPS

    def ablation(self, features: Tensor, units: Sequence[int]) -> Float[Tensor, "unit"]:
        """By how much the number falls when each of some units alone is off; 0 for the others."""
        count = features.shape[self.layer.axes.index("unit") + 1]
        off = torch.ones(len(units) + 1, count)
        off[torch.arange(len(units)) + 1, list(units)] = 0
        numbers = self.with_units(off, features).double().cpu()
        parts = torch.zeros(count, dtype=torch.float64)
        parts[list(units)] = numbers[0] - numbers[1:]
        return parts

    def _scaled(self, features: Tensor, scales: Float[Tensor, "picture unit"]) -> Tensor:
        shape = [len(scales), *(1,) * (features.ndim - 1)]
        unit = self.layer.axes.index("unit") + 1
        shape[unit] = scales.shape[1]
        return features * scales.to(features).reshape(shape)

    def _replaced(self, value: Tensor) -> AbstractContextManager[None]:
        return self.model.tapped(self.layer, lambda _, output: value)


def unit_maps(features: Tensor, layer: Layer) -> Float[Tensor, "unit height width"] | None:
    """Where each unit is active; None where the layer has no places."""
    if layer.axes == ("unit",):
        return None
    return as_grid(features, layer.axes)[0].float().cpu().clone()
