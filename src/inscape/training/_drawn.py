"""Pictures of a generator of which everything is known: latents, features of every resolution, pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from inscape.models.architectures.picture_encoder import PictureEncoder
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.training._latents import mixed_latents

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models.architectures.stylegan2 import Synthesis
    from inscape.models.architectures.synthesis_state import SynthesisState

_MEASURED = 1024
_BATCH = 64


@dataclass(frozen=True)
class Drawn:
    """Pictures, and how they came about.

    Attributes:
        w: One latent per layer, `[batch, num_ws, w_dim]`.
        states: The synthesis after the last layer of each resolution, by resolution.
        images: RGB, clipped to [-1, 1] as a saved picture is.
    """

    w: Float[Tensor, "b num_ws w_dim"]
    states: Mapping[int, SynthesisState]
    images: Float[Tensor, "b 3 h w"]


@torch.no_grad()
def draw(synthesis: Synthesis, w: Float[Tensor, "b num_ws w_dim"]) -> Drawn:
    """Draw pictures, and keep what the last layer of each resolution puts out."""
    state = synthesis.run_until(w, "layer4")
    states = {4: state}
    while state.features.shape[-1] < synthesis.resolution:
        size = 2 * state.features.shape[-1]
        state = states[size] = synthesis.advance(state, f"layer{size}b")
    return Drawn(w, states, synthesis.resume(state).clamp(-1, 1))


@torch.no_grad()
def measure_generator(encoder: PictureEncoder, network: StyleGAN2, seed: int) -> None:
    """Fill an encoder's means and deviations, of w and of every unit, from a generator's own pictures.

    Args:
        encoder: Changed in place.
        network: The generator.
        seed: Of the pictures.
    """
    random = torch.Generator(encoder.mean_w.device).manual_seed(seed)
    sums: dict[str, list[Tensor]] = {layer: [] for layer in ("w", *encoder.layers)}
    for _ in range(_MEASURED // _BATCH):
        w, single = mixed_latents(network, _BATCH, random, mixing=0.0)
        drawn = draw(network.synthesis, w)
        sums["w"].append(_moments(single))
        for size, layer in encoder.config.layers.items():
            sums[layer].append(_moments(drawn.states[size].features.transpose(0, 1).flatten(1).t()))
    for name, parts in sums.items():
        mean, square = torch.stack(parts).mean(0)
        deviation = (square - mean**2).clamp_min(0).sqrt()
        getattr(encoder, f"mean_{name}").copy_(mean)
        getattr(encoder, f"deviation_{name}").copy_(deviation.clamp_min(float(deviation.mean()) * 0.01))


def _moments(rows: Float[Tensor, "n c"]) -> Float[Tensor, "2 c"]:
    return torch.stack([rows.double().mean(0), rows.double().square().mean(0)])


class Whitening:
    """How far latents lie from those that a mapping network gives, in its own deviations.

    Directions in which w hardly varies count as if they varied by a hundredth of the widest.

    Args:
        network: The generator.
        seed: Of the latents that are measured.
    """

    def __init__(self, network: StyleGAN2, seed: int) -> None:
        random = torch.Generator(network.mapping.w_avg.device).manual_seed(seed)
        with torch.no_grad():
            _, w = mixed_latents(network, 8 * _MEASURED, random, mixing=0.0)
        self.mean = w.mean(0)
        values, directions = torch.linalg.eigh((w - self.mean).t().cov().double())
        floor = float(values.max()) * 1e-4
        self._matrix = (directions / values.clamp_min(floor).sqrt()).float()

    def distance(self, w: Float[Tensor, "b num_ws w_dim"]) -> Float[Tensor, ""]:
        """Mean squared Mahalanobis distance per dimension; about 1 for latents of the mapping network."""
        whitened: Tensor = (w - self.mean) @ self._matrix
        return whitened.square().mean()
