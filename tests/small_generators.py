"""A generator small enough for any test: an untrained StyleGAN2 of 32 pixels."""

from __future__ import annotations

import torch

from inscape.models import Card, Generator, Layer
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_config import StyleGAN2Config

UNITS = {4: 12, 8: 12, 16: 8, 32: 6}


def small_generator(seed: int = 0, *, name: str = "small", classes: tuple[str, ...] = ()) -> Generator:
    """A `Generator` of 32 × 32 pixels, the same for the same seed; conditional where it has classes."""
    config = StyleGAN2Config(
        resolution=32, z_dim=8, w_dim=8, mapping_layers=2, channels=UNITS, c_dim=len(classes)
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = StyleGAN2(config).eval().requires_grad_(False)
        for parameter_name, parameter in network.named_parameters():
            if "noise_strength" in parameter_name:
                parameter.fill_(0.3)
            elif parameter_name.endswith("conv1.bias") or parameter_name.endswith("conv0.bias"):
                parameter.normal_(0, 0.2)
    paths = network.synthesis.layer_paths
    layers = [
        Layer(name=layer, units=UNITS[size], size=size, module=f"synthesis.{paths[layer]}")
        for layer in network.synthesis.layer_names
        for size in [int(layer.removeprefix("layer").rstrip("ab"))]
    ]
    card = Card(
        name=name,
        kind="generator",
        architecture="stylegan2",
        config=config.to_json(),
        layers=tuple(layers),
        default_layer="layer16a",
        image_size=32,
        latent={"z_dim": 8, "w_dim": 8, "num_ws": config.num_ws}
        | ({"c_dim": len(classes)} if classes else {}),
        classes=classes,
    )
    return Generator(network, card)
