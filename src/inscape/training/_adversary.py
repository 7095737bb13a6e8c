"""What judges pictures: features of a frozen network, randomly mixed, and a discriminator for each level.

Projected GANs (Sauer et al., NeurIPS 2021) judge features rather than pixels; what makes that hold here is
the loss of R3GAN (Huang et al., NeurIPS 2024), see `_gan_step.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from inscape.models.architectures.architecture import Sizes
from inscape.training._discriminators import FeatureDiscriminators
from inscape.training._features import Features, open_features
from inscape.training._mixing import RandomMixing

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.training.recipes import GanRecipe


@dataclass(frozen=True)
class AdversaryConfig(Sizes):
    """The sizes of an adversary.

    Attributes:
        features: Name of the feature network.
        inputs: Channels of every tap, fine to coarse.
        channels: Channels of every level after mixing.
        sides: Height and width of every level at the size that training begins with.
        seed: What mixing and the first weights are drawn from.
    """

    named = "the configuration of an adversary"

    features: str
    inputs: tuple[int, ...]
    channels: tuple[int, ...]
    sides: tuple[int, ...]
    seed: int


class Adversary(nn.Module):
    """The feature network, random mixing and the discriminators; only the last are trained.

    Args:
        config: Sizes.
        features: Opened, with the taps of the stage.
    """

    def __init__(self, config: AdversaryConfig, features: Features) -> None:
        super().__init__()
        self.config = config
        self.features = features
        self.mixing = RandomMixing(config.inputs, config.channels, config.seed)
        self.discriminators = FeatureDiscriminators(config.channels, config.sides, config.seed)

    def levels(self, images: Float[Tensor, "b 3 h w"]) -> list[Float[Tensor, "b c _ _"]]:
        """Mixed features of pictures; gradients flow to the pictures."""
        return list(self.mixing(self.features(images)))

    def forward(self, levels: Sequence[Float[Tensor, "b c _ _"]]) -> list[Float[Tensor, "b _ _"]]:
        """Logits of every level of mixed features."""
        return list(self.discriminators(levels))


def new_adversary(recipe: GanRecipe, size: int, device: torch.device) -> Adversary:
    """An untrained adversary for pictures of a size; its mixing is not calibrated.

    Raises:
        MissingExtraError: The package that carries the feature network is not installed.
    """
    features = open_features(recipe.features, recipe.stage_of(size).taps, device)
    taps = features.shapes(size)
    config = AdversaryConfig(
        recipe.features,
        inputs=tuple(channels for channels, _ in taps),
        channels=recipe.level_channels,
        sides=tuple(side for _, side in taps),
        seed=recipe.seed,
    )
    return Adversary(config, features).to(device)


def grown_adversary(old: Adversary, recipe: GanRecipe, size: int, device: torch.device) -> Adversary:
    """The same discriminators for pictures of another size, whose features may come from other taps.

    Where those have other channels, mixing is drawn anew, and not calibrated.
    """
    features = open_features(old.config.features, recipe.stage_of(size).taps, device)
    inputs = tuple(channels for channels, _ in features.shapes(size))
    adversary = Adversary(replace(old.config, inputs=inputs), features)
    if inputs == old.config.inputs:
        adversary.mixing.load_state_dict(old.mixing.state_dict())
    adversary.discriminators.load_state_dict(old.discriminators.state_dict())
    return adversary.to(device)
