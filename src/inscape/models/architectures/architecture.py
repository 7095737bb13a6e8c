"""What an architecture registers: by the name that cards use, for `inscape.models.building` to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from inscape.models.card import Layer
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from torch import nn


class Config(Protocol):
    """The sizes of a network: the class that reads them from a card."""

    @classmethod
    def from_json(cls, value: JsonMapping) -> Self:
        """Read what `to_json` wrote, trusting nothing.

        Raises:
            FormatError: It is no configuration of this architecture.
        """

    def to_json(self) -> JsonObject:
        """The sizes as a card has them."""


def synthesis_layers(network: Any) -> tuple[Layer, ...]:
    """The layers that the `synthesis` of a generator lists as `layer_paths`, in forward order."""
    layers = []
    for name, path in network.synthesis.layer_paths.items():
        units, size = network.synthesis.units_and_size(name)
        layers.append(Layer(name=name, units=units, size=size, module=f"synthesis.{path}"))
    return tuple(layers)


@dataclass(frozen=True)
class Architecture:
    """A network that a card can name.

    Attributes:
        title: What people call it: "StyleGAN2".
        config: The class of its configuration.
        network: Builds the network of a configuration.
        layers: Names the layers of a network that comes without a card, in forward order.
    """

    title: str
    config: type[Config]
    network: Callable[[Any], nn.Module]
    layers: Callable[[Any], tuple[Layer, ...]] = synthesis_layers
