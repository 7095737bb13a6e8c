"""The card of a generator, from the network itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inscape.models import building
from inscape.models.card import Card, Layer

if TYPE_CHECKING:
    from torch import nn

_DEFAULT_SIZE = 16


def generator_card(network: nn.Module, architecture: str, **known: Any) -> Card:
    """A card with the sizes and layers of a network, and what else is known of it.

    Args:
        network: The generator; it has a `config` with `to_json`.
        architecture: Its name, as cards have it; it names the layers.
        known: Other fields of the card; `name` at least.
    """
    config: Any = network.config
    layers = building.architecture(architecture).layers(network)
    latent = {"z_dim": config.z_dim, "w_dim": getattr(config, "w_dim", config.z_dim)}
    latent["num_ws"] = getattr(config, "num_ws", 1)
    if classes := getattr(config, "c_dim", 0):
        latent["c_dim"] = classes
    return Card(
        kind="generator",
        architecture=architecture,
        config=config.to_json(),
        layers=layers,
        default_layer=_default_layer(layers),
        image_size=config.resolution,
        latent=latent,
        parameters=sum(weight.numel() for weight in network.parameters()),
        **known,
    )


def _default_layer(layers: tuple[Layer, ...]) -> str:
    """The last layer of 16 pixels, or of the largest size below that, or else the first one."""
    size = max((layer.size for layer in layers if layer.size <= _DEFAULT_SIZE), default=layers[0].size)
    return [layer.name for layer in layers if layer.size == size][-1]
