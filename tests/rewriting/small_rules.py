"""Rules of tiny generators."""

from __future__ import annotations

import torch

from inscape.models import Generator
from inscape.models.any_module import card_of, layers_of
from inscape.regions import box
from inscape.rewriting import (
    RuleSettings,
)

QUICK = RuleSettings(samples=8)
SPOT = box(8, 8, 8, 8)
GOAL = (1, SPOT, 2, SPOT)


def generator_of(network):
    """A generator of another architecture, with its card found by running it."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    z_dim = network.mapping.z_dim
    z = torch.zeros(1, z_dim)
    network.eval().requires_grad_(False)
    layers, picture = layers_of(network, lambda: network(z))
    known = {
        "name": "other",
        "kind": "generator",
        "image_size": picture.shape[2],
        "latent": {"z_dim": z_dim, "w_dim": z_dim, "num_ws": 1},
    }
    wanted = [layer for layer in layers if layer.module.removeprefix("synthesis.").count(".") == 0]
    return Generator(network, card_of(network, tuple(wanted), known))


def random_edit(memory, rank, seed=0):
    draws = torch.Generator().manual_seed(seed)
    directions = torch.linalg.qr(torch.randn(memory.width, rank, generator=draws))[0].t()
    shape = (len(memory.weight), rank, *memory.weight.shape[2:])
    return directions, torch.randn(shape, generator=draws) * 0.3
