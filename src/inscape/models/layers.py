"""The layers of a StyleGAN2, as its card lists them."""

from __future__ import annotations

from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.card import Layer

_DEFAULT_SIZE = 16


def stylegan2_layers(network: StyleGAN2) -> tuple[Layer, ...]:
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


def default_layer(layers: tuple[Layer, ...]) -> str:
    """The last layer of 16 pixels, or of the largest size where pictures are smaller."""
    size = min(_DEFAULT_SIZE, max(layer.size for layer in layers))
    return [layer.name for layer in layers if layer.size == size][-1]
