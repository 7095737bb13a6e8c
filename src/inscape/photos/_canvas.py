"""A generator that is made to draw one photo: what every stage of an inversion works with."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from inscape.errors import LayerError
from inscape.models import Generator
from inscape.photos.perceptual import SegmenterDistance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor, nn

    from inscape.models.architectures.synthesis_state import SynthesisState
    from inscape.segmenters.scene import SceneSegmenter

_SAMPLES = 64


def synthesis_of(generator: Generator) -> nn.Module:
    """The part of a generator that draws from w, through which gradients flow."""
    return generator.module.get_submodule("synthesis")


@dataclass(frozen=True, eq=False)
class Canvas:
    """A generator, a layer to edit at, and the picture that it should draw.

    Args:
        generator: Its weights stay as they are.
        layer: Name of the layer whose features stand for the photo.
        target: The photo at the generator's resolution, `[1, 3, size, size]`, RGB in [-1, 1].
        segmenter: Distances are taken in its features.
        perceptual: Weight of that distance; the mean squared difference of colours has weight 1.
    """

    generator: Generator
    layer: str
    target: Float[Tensor, "1 3 size size"]
    segmenter: SceneSegmenter
    perceptual: float

    @cached_property
    def distance(self) -> SegmenterDistance:
        """How far a picture is from the target, in the segmenter's features."""
        return SegmenterDistance(self.segmenter, self.target)

    def unlikeness(self, images: Float[Tensor, "1 3 size size"]) -> Float[Tensor, ""]:
        """What every stage makes small: squared difference of colours and the segmenter's distance."""
        loss = (images - self.target).square().mean()
        return loss + self.perceptual * self.distance(images).sum() if self.perceptual else loss

    def state(self, w: Float[Tensor, "1 num_ws w_dim"]) -> SynthesisState:
        """The synthesis, stopped after the layer."""
        return self.generator.stopping.run_until(w, self.layer)

    def drawn(self, state: SynthesisState, generator: Generator | None = None) -> Tensor:
        """The picture of a state, by the generator or an adapted copy of it."""
        return (generator or self.generator).stopping.resume(state)

    def copied(self) -> Generator:
        """A copy of the generator, to adapt."""
        module = copy.deepcopy(self.generator.module).requires_grad_(False)
        return Generator(module, self.generator.card)

    @cached_property
    def own_latents(self) -> Float[Tensor, "batch num_ws w_dim"]:
        """The w of some of the generator's own pictures."""
        return self.generator.w_of_seeds(range(_SAMPLES)).clone()

    @cached_property
    def spread(self) -> Float[Tensor, "1 unit 1 1"]:
        """The standard deviation of each unit of the layer over the generator's own pictures."""
        with torch.no_grad():
            features = torch.cat([self.state(each).features for each in self.own_latents.split(16)])
            return features.float().std((0, 2, 3), keepdim=True).clamp_min(1e-4)

    @property
    def layers_above(self) -> Sequence[str]:
        """The layers that run after the one that is edited.

        Raises:
            LayerError: There is none, so nothing can be adapted.
        """
        names = list(self.generator.layers)
        above = names[names.index(self.layer) + 1 :]
        if not above:
            raise LayerError(
                f"A photo is adapted in the layers above the edited one; {self.layer!r} is the last.",
                f"Name one below it: {', '.join(names[:-1]) or 'this generator has none'}.",
            )
        return above
