"""The card of a StyleGAN2: what can be read off the network itself."""

from __future__ import annotations

from typing import Any

from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.card import Card, Layer

_DEFAULT_SIZE = 16


def stylegan2_card(network: StyleGAN2, **known: Any) -> Card:
    """A card with the sizes and layers of a network, and what else is known of it.

    Args:
        network: The generator.
        known: Other fields of the card; `name` at least.
    """
    config, layers = network.config, _layers(network)
    latent = {"z_dim": config.z_dim, "w_dim": config.w_dim, "num_ws": config.num_ws}
    return Card(
        kind="generator",
        architecture="stylegan2",
        config=config.to_json(),
        layers=layers,
        default_layer=_default_layer(layers),
        image_size=config.resolution,
        latent=latent | ({"c_dim": config.c_dim} if config.c_dim else {}),
        parameters=sum(weight.numel() for weight in network.parameters()),
        **known,
    )


def _layers(network: StyleGAN2) -> tuple[Layer, ...]:
    """Its modulated convolutions, in the order of the forward pass."""
    synthesis = network.synthesis
    return tuple(
        Layer(
            name=name,
            units=synthesis.layer_module(name).units,
            size=synthesis.layer_module(name).resolution,
            module=f"synthesis.{path}",
        )
        for name, path in synthesis.layer_paths.items()
    )


def _default_layer(layers: tuple[Layer, ...]) -> str:
    """The last layer of 16 pixels, or of the largest size where pictures are smaller."""
    size = min(_DEFAULT_SIZE, max(layer.size for layer in layers))
    return [layer.name for layer in layers if layer.size == size][-1]
