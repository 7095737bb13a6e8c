"""One number that a network gives, and what each unit of a layer adds to it.

Where the number is linear in the units, their parts are exact. Elsewhere two methods share it out:

- integrated gradients (Sundararajan et al., ICML 2017): the gradient at the unit's activation, averaged over
  the path from a layer of zeros to the layer as it is, times the activation. The parts add up to the number
  less what it is for a layer of zeros.
- ablation: by how much the number falls when the unit alone is off. The parts need not add up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch

from inscape.activations import as_grid, as_maps, resumable
from inscape.errors import UnsupportedError
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
class Above:
    """What a network gives for one picture, and gives with other outputs of a layer.

    Attributes:
        model: The network.
        layer: The layer.
        features: Its output for the picture.
        given: What the network gives for it.
        again: What the network gives with some other outputs of the layer, 8 at most; gradients flow through.
    """

    model: Model
    layer: Layer
    features: Float[Tensor, "1 ..."]
    given: Float[Tensor, "1 ..."]
    again: Callable[[Tensor], Tensor]

    @classmethod
    def of_classifier(cls, model: Model, layer: Layer, shown: Float[Tensor, "1 3 size size"]) -> Above:
        """Show a classifier a picture; what lies below the layer is computed once.

        Raises:
            UnsupportedError: It gives no logit for each class.
            LayerError: The layer does not run, or is all calls of a module that runs several times.
        """
        with torch.inference_mode(), resumable(model, layer) as resume:
            model.module(shown.expand(_AT_ONCE, *shown.shape[1:]))
        logits = resume.output
        if not isinstance(logits, torch.Tensor) or logits.ndim != 2:
            came = str([1, *logits.shape[1:]]) if isinstance(logits, torch.Tensor) else type(logits).__name__
            raise UnsupportedError(
                f"{model.name!r} gives no logit for each class: expected [batch, class], got {came}.",
                "Explain a classifier of pictures.",
            )
        plain = resume.features.clone()

        def again(features: Tensor) -> Tensor:
            return resume(torch.cat([features, plain[len(features) :]]))[: len(features)]

        return cls(model, layer, plain[:1], logits[:1].clone(), again)

    @classmethod
    def of_generator(cls, model: Model, layer: Layer, run: Callable[[int], Tensor]) -> Above:
        """Draw a picture.

        Args:
            model: The generator.
            layer: The layer.
            run: Draws so many equal pictures.
        """
        kept: list[Tensor] = []
        with torch.inference_mode(), model.tapped(layer, lambda _, output: kept.append(output.clone())):
            drawn = run(1)

        def again(features: Tensor) -> Tensor:
            with model.tapped(layer, lambda _, output: features):
                return run(len(features))

        return cls(model, layer, kept[-1].clone(), drawn.clone(), again)


@dataclass(frozen=True, eq=False)
class Readout:
    """A number that a network gives.

    Attributes:
        above: What the network gives.
        number: From what it gives to the number, of each picture.
    """

    above: Above
    number: Callable[[Tensor], Float[Tensor, "picture"]]

    @property
    def layer(self) -> Layer:
        """Whose units are looked at."""
        return self.above.layer

    @property
    def plain(self) -> Float[Tensor, "1"]:
        """The number of the picture as it is."""
        with torch.inference_mode():
            return self.number(self.above.given)

    def with_units(self, scales: Float[Tensor, "picture unit"], features: Tensor) -> Float[Tensor, "picture"]:
        """The number with each unit times a scale."""
        with torch.inference_mode():
            found = [
                self.number(self.above.again(self._scaled(features, some))) for some in scales.split(_AT_ONCE)
            ]
            return torch.cat(found)

    def gradients(self, features: Tensor) -> Float[Tensor, "unit"]:
        """The part of every unit by integrated gradients."""
        total = torch.zeros(features.shape[self.layer.axes.index("unit") + 1], dtype=torch.float64)
        plain = features.clone()
        for some in ((torch.arange(STEPS) + 0.5) / STEPS).split(_AT_ONCE):
            with torch.enable_grad():
                shape = (-1, *(1,) * (plain.ndim - 1))
                path = (plain * some.to(plain).reshape(shape)).requires_grad_()
                number = self.number(self.above.again(path * 1.0)).sum()
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


def unit_maps(features: Tensor, layer: Layer) -> Float[Tensor, "unit height width"] | None:
    """Where each unit is active; None where the layer has no places."""
    if layer.axes == ("unit",):
        return None
    return as_grid(features, layer.axes)[0].float().cpu().clone()
