"""The interface of an architecture, found by `inscape.models.building` under the name on cards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from inscape.errors import FormatError
from inscape.models.card import Layer
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from torch import nn


class Config(Protocol):
    """The sizes of a network: the class that reads them from a card."""

    @classmethod
    def from_json(cls, value: JsonMapping) -> Self:
        """Read what `to_json` wrote, validating everything.

        Raises:
            FormatError: It is not a configuration of this architecture.
        """

    def to_json(self) -> JsonObject:
        """The sizes as a card has them."""


class Sizes:
    """A `Config` by the fields of a frozen dataclass, which are numbers, texts, tuples and tables of them.

    Attributes:
        named: What it is, for the errors: "the configuration of a DCGAN".
    """

    named: ClassVar[str]
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    @classmethod
    def from_json(cls, value: JsonMapping) -> Self:
        """Read what `to_json` wrote, validating everything.

        Raises:
            FormatError: A field is missing, unknown or of the wrong kind.
        """
        try:
            return TypeAdapter(cls).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = f"`{'.'.join(map(str, first['loc']))}`: " if first["loc"] else ""
            raise FormatError(f"This is not {cls.named}: {place}{first['msg']}.") from error

    def to_json(self) -> JsonObject:
        """As JSON; tuples become lists, the keys of tables text, and 3 `colours` are left out."""
        made: JsonObject = to_jsonable_python(self)
        return {name: value for name, value in made.items() if (name, value) != ("colours", 3)}


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
        title: Its display name: "StyleGAN2".
        config: The class of its configuration.
        network: Builds the network of a configuration.
        layers: Names the layers of a network that comes without a card, in forward order.
    """

    title: str
    config: type[Config]
    network: Callable[[Any], nn.Module]
    layers: Callable[[Any], tuple[Layer, ...]] = synthesis_layers
