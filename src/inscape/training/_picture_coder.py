"""The encoder that a generator's training begins with: from a picture to a distribution of codes w.

A variational autoencoder (Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014) whose decoder is
the synthesis of a StyleGAN2: the encoder and the synthesis learn together to draw real pictures, and the
mapping network then learns to give codes that are spread like those of the pictures. What it draws is blurred
but has the layouts of the world, all of them, which an adversary takes many times as long to teach. No
label takes part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from inscape.errors import FormatError

if TYPE_CHECKING:
    from jaxtyping import Float

    from inscape.models.architectures._mapping import Mapping as MappingNetwork

_LEAK = 0.2
_FIRST_LOG_VARIANCE = -2.0
_LOG_VARIANCES = (-8.0, 2.0)
_HIDDEN = 512
SPREAD = 0.5
"""After the warm start, codes are drawn with so much of their posterior's deviation: off the mean, so that
the generator learns what lies between pictures; not all of it, so that pictures stay themselves."""


@dataclass(frozen=True)
class PictureCoderConfig:
    """Sizes of the encoder.

    Attributes:
        resolution: Height and width of what it sees; larger pictures are shrunk.
        w_dim: Size of a code.
        channels: Widths by resolution, from 4 to `resolution`.
    """

    resolution: int
    w_dim: int
    channels: dict[int, int]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PictureCoderConfig:
        """Read what `asdict` gave JSON.

        Raises:
            FormatError: A field is unknown, missing or of the wrong kind.
        """
        try:
            channels = {int(size): int(units) for size, units in value["channels"].items()}
            return cls(**{**value, "channels": channels})
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise FormatError(f"These are not the sizes of an encoder of pictures: {error}.") from error

    def to_json(self) -> dict[str, Any]:
        """As JSON; the keys of `channels` become text."""
        return asdict(self) | {"channels": {str(size): units for size, units in self.channels.items()}}


class _Halving(nn.Module):
    """A residual block that halves height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(inputs, inputs, 3, padding=1)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.avg_pool2d(functional.leaky_relu(self.conv0(x), _LEAK), 2)
        y = functional.leaky_relu(self.conv1(y), _LEAK)
        shortcut: Tensor = self.skip(functional.avg_pool2d(x, 2))
        return (y + shortcut) * math.sqrt(0.5)


class PictureCoder(nn.Module):
    """Pictures to normal distributions of w with independent parts.

    Args:
        config: Its sizes.
    """

    def __init__(self, config: PictureCoderConfig) -> None:
        super().__init__()
        self.config = config
        sizes = sorted(config.channels, reverse=True)
        self.enter = nn.Conv2d(3, config.channels[sizes[0]], 3, padding=1)
        widths = [config.channels[size] for size in sizes]
        self.blocks = nn.Sequential(*(_Halving(above, below) for above, below in pairwise(widths)))
        self.hidden = nn.Linear(config.channels[4] * 16, _HIDDEN)
        self.leave = nn.Linear(_HIDDEN, 2 * config.w_dim)
        nn.init.normal_(self.leave.weight, std=0.02)
        with torch.no_grad():
            self.leave.bias[config.w_dim :] = _FIRST_LOG_VARIANCE

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> tuple[Float[Tensor, "b w"], Float[Tensor, "b w"]]:
        """Means and logarithms of variances, float32.

        Args:
            images: In [-1, 1], of its size or a multiple of it.
        """
        x = functional.avg_pool2d(images, images.shape[2] // self.config.resolution)
        x = self.blocks(functional.leaky_relu(self.enter(x), _LEAK))
        x = functional.leaky_relu(self.hidden(x.flatten(1)), _LEAK)
        mean, log_variance = self.leave(x).float().chunk(2, dim=1)
        return mean, log_variance.clamp(*_LOG_VARIANCES)

    @torch.no_grad()
    def codes(self, images: Tensor, generator: torch.Generator) -> Float[Tensor, "b w"]:
        """Codes of pictures, a little off their means; without gradient."""
        mean, log_variance = self(images)
        return drawn_codes(mean, log_variance, generator, spread=SPREAD)


def drawn_codes(
    mean: Float[Tensor, "b w"],
    log_variance: Float[Tensor, "b w"],
    generator: torch.Generator,
    *,
    spread: float = 1.0,
) -> Float[Tensor, "b w"]:
    """Codes from their distributions, each with `spread` times its deviation."""
    noise = torch.randn(mean.shape, generator=generator, device=mean.device)
    return mean + spread * (log_variance / 2).exp() * noise


def divergence(mean: Float[Tensor, "b w"], log_variance: Float[Tensor, "b w"]) -> Tensor:
    """Kullback-Leibler divergence from the standard normal distribution, in nats, the mean over pictures."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()


def fit_mapping(
    mapping: MappingNetwork,
    codes: Float[Tensor, "n w"],
    *,
    steps: int,
    batch: int = 128,
    seed: int = 0,
) -> float:
    """Let a mapping network give w that have the mean and the covariance of codes.

    It learns the affine map from z (of mean square 1, as the network takes it) that has these. Adversarial
    training, which follows, may bend it.

    Args:
        mapping: An unconditional one; its weights change, and `w_avg` becomes the codes' mean.
        codes: Of pictures; thousands.
        steps: Of Adam.
        batch: Latents in a step.
        seed: Of the latents.

    Returns:
        The part of the variance that the network does not explain, over the last batch.
    """
    codes = codes.float()
    mean, device = codes.mean(dim=0), codes.device
    spread, axes = torch.linalg.eigh(torch.cov(codes.T.double()))
    columns = axes.flip(1) * spread.flip(0).clamp_min(0).sqrt()
    affine = torch.zeros(mapping.w_dim, mapping.z_dim, device=device)
    kept = min(mapping.z_dim, mapping.w_dim)
    affine[:, :kept] = columns[:, :kept].float()
    variance = affine.square().sum() / len(affine)
    random = torch.Generator(device)
    random.manual_seed(seed)
    adam = torch.optim.Adam(mapping.parameters(), betas=(0.9, 0.99))
    missed = torch.ones(())
    for step in range(steps):
        adam.param_groups[0]["lr"] = 0.01 * (0.505 + 0.495 * math.cos(math.pi * step / steps))
        z = torch.randn(batch, mapping.z_dim, generator=random, device=device)
        wanted = mean + z / z.square().mean(dim=1, keepdim=True).sqrt() @ affine.T
        missed = (mapping.single(z) - wanted).square().mean() / variance.clamp_min(1e-12)
        adam.zero_grad()
        missed.backward()
        adam.step()
    mapping.zero_grad()
    mapping.w_avg.copy_(mean)
    return float(missed.detach())
