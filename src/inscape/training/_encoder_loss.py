"""What an encoder's stages are trained to do alone, and what the whole chain is trained to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.photos.perceptual import level_distance

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models.architectures.picture_encoder import PictureEncoder
    from inscape.models.architectures.stylegan2 import Synthesis
    from inscape.models.architectures.unet import UNet
    from inscape.training._drawn import Drawn, Whitening


@dataclass(frozen=True)
class EncoderWeights:
    """How much each loss counts.

    Attributes:
        redrawing: Of drawing the layer above again from an estimate, beside the estimate itself.
        length: Of the squared error of normalised features beside their cosine, which says nothing of length.
        latents: Of the squared error of normalised latents.
        features: Of the features on the whole chain.
        picture: Of the squared error of the picture, in [-1, 1].
        seen: Of the distance of both pictures in the segmenter's features.
        near: Of the distance of latents from those of the mapping network, where the true ones are unknown.
    """

    redrawing: float = 0.01
    length: float = 0.1
    latents: float = 0.2
    features: float = 0.2
    picture: float = 5.0
    seen: float = 1.0
    near: float = 0.005


def cosine_distance(found: Float[Tensor, "b c *_"], wanted: Float[Tensor, "b c *_"]) -> Float[Tensor, ""]:
    """Mean over pictures and places of one minus the cosine between the units' vectors."""
    return 1 - functional.cosine_similarity(found.float(), wanted.float(), dim=1).mean()


def feature_distance(
    found: Float[Tensor, "b c h w"], wanted: Float[Tensor, "b c h w"], length: float
) -> Float[Tensor, ""]:
    """Cosine distance of normalised features, and a little of their squared error."""
    return cosine_distance(found, wanted) + length * functional.mse_loss(found.float(), wanted.float())


def stage_losses(
    encoder: PictureEncoder, synthesis: Synthesis, drawn: Drawn, weights: EncoderWeights
) -> dict[str, Float[Tensor, ""]]:
    """The loss of every stage alone: it is given the generator's true features, not those of other stages.

    Args:
        encoder: In training.
        synthesis: Of the generator, frozen.
        drawn: Pictures of the generator.
        weights: How much each part counts.

    Returns:
        One loss per stage, by name: `{"stage64": ..., "stage4": ...}`.
    """
    return {
        f"stage{size}": _stage_loss(encoder, synthesis, drawn, weights, size)
        for size in reversed(encoder.config.sizes)
    }


def _stage_loss(
    encoder: PictureEncoder, synthesis: Synthesis, drawn: Drawn, weights: EncoderWeights, size: int
) -> Tensor:
    config = encoder.config
    layers = {**config.layers, config.resolution: ""}
    top = size == config.resolution
    above = drawn.images if top else encoder.normalised(layers[size], drawn.states[size].features)
    below, _, values = encoder.stage(size)(above)
    latents = config.latents_of(size)
    wanted = (drawn.w[:, latents] - encoder.mean_w) / encoder.deviation_w
    loss = weights.latents * functional.mse_loss(values.float(), wanted.flatten(1))
    w = drawn.w.clone()
    w[:, latents] = encoder.restored_w(values)
    if below is None:
        state = synthesis.run_until(w, "layer4")
    else:
        lower, layer = drawn.states[size // 2], layers[size // 2]
        truth = encoder.normalised(layer, lower.features)
        loss = loss + feature_distance(below, truth, weights.length)
        estimate = encoder.restored(layer, below.float()).to(lower.features.dtype)
        state = replace(lower, features=estimate, w=w)
    if top:
        again = synthesis.resume(state).flatten(1)
        return loss + weights.redrawing * cosine_distance(again, drawn.images.flatten(1))
    if below is not None:
        state = synthesis.advance(state, layers[size])
    again = encoder.normalised(layers[size], state.features.float())
    return loss + weights.redrawing * cosine_distance(again, above)


def chain_losses(
    encoder: PictureEncoder,
    synthesis: Synthesis,
    drawn: Drawn,
    scenes: Float[Tensor, "n 3 h w"] | None,
    judge: Judge,
) -> dict[str, Float[Tensor, ""]]:
    """The losses of the whole chain, from pictures to latents and back to pictures.

    Args:
        encoder: In training.
        synthesis: Of the generator, frozen.
        drawn: Pictures of the generator, whose latents and features are known.
        scenes: Pictures of the world besides, of which nothing is known; None for none.
        judge: Compares pictures, and says how far latents are from the usual.

    Returns:
        By name, weighted: "picture", "seen", "latents", "features", and with scenes "near".
    """
    weights, own = judge.weights, len(drawn.images)
    images = drawn.images if scenes is None else torch.cat([drawn.images, scenes])
    values, features = encoder.estimate(images)
    w = encoder.restored_w(values)
    losses = judge.compare(synthesis(w), images)
    wanted = (drawn.w - encoder.mean_w) / encoder.deviation_w
    losses["latents"] = weights.latents * functional.mse_loss(values[:own].float(), wanted.flatten(1))
    distances = [
        feature_distance(
            features[layer][:own],
            encoder.normalised(layer, drawn.states[size].features.float()),
            weights.length,
        )
        for size, layer in encoder.config.layers.items()
    ]
    losses["features"] = weights.features * torch.stack(distances).sum()
    if scenes is not None:
        losses["near"] = weights.near * judge.whitening.distance(w[own:])
    return losses


@dataclass(frozen=True)
class Judge:
    """Compares pictures.

    Attributes:
        weights: How much each part counts.
        whitening: Of the generator's latents.
        segmenter: The network whose levels say what a picture shows; None leaves that part out.
    """

    weights: EncoderWeights
    whitening: Whitening
    segmenter: UNet | None = None

    def compare(
        self, found: Float[Tensor, "b 3 h w"], wanted: Float[Tensor, "b 3 h w"]
    ) -> dict[str, Float[Tensor, ""]]:
        """Distances of pictures from those that they should be, weighted, by name."""
        losses = {"picture": self.weights.picture * functional.mse_loss(found, wanted)}
        if self.segmenter is not None:
            losses["seen"] = self.weights.seen * segmenter_distance(self.segmenter, found, wanted)
        return losses


def segmenter_distance(
    network: UNet, found: Float[Tensor, "b 3 h w"], wanted: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, ""]:
    """Squared distance in a segmenter's features, scaled to length 1 at every place; mean over its levels.

    Args:
        network: A segmenter's U-Net, frozen; its sides must divide the pictures'.
        found: Pictures that are trained; gradients go through the network to them.
        wanted: What they should look like.
    """
    with torch.no_grad():
        targets = network.encode(wanted.contiguous(memory_format=torch.channels_last))
    levels = network.encode(found.contiguous(memory_format=torch.channels_last))
    return level_distance(levels, targets).mean()
