"""An encoder of pictures for a StyleGAN2: the generator's layers in reverse, one stage per resolution.

After Bau et al., "Seeing What a GAN Cannot Generate" (ICCV 2019), whose encoder is trained layer by layer:
each stage takes what the last layer of a resolution outputs (the first one takes the picture) and estimates
what the last layer of the next smaller resolution outputs. Beside it, each stage reads off the latents w of
the layers of its resolution; what all stages have read corrects these latents at the end.

Inside, features and latents are measured in the generator's own means and deviations, one per unit, which are
part of the weights. There is no normalization by batch, so a picture is encoded alike in every batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from inscape.errors import ShapeError, ValueRangeError
from inscape.models.architectures.architecture import Architecture, Sizes
from inscape.models.architectures.stylegan2_config import StyleGAN2Config

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

_POOLED = 4
_NARROW = 32
_LEAK = 0.2


@dataclass(frozen=True)
class PictureEncoderConfig(Sizes):
    """Sizes of an encoder.

    Attributes:
        resolution: Height and width of the pictures, as the generator draws them.
        w_dim: Size of the generator's latent w.
        channels: Units of the generator by resolution, from 4 to `resolution`.
        widths: Channels inside the encoder's own stages, by resolution.
        blocks: Residual blocks in a stage.
        code: Numbers that a stage keeps of what it saw, to read the latents from.
    """

    named = "the configuration of a picture encoder"

    resolution: int
    w_dim: int
    channels: dict[int, int]
    widths: dict[int, int]
    blocks: int = 2
    code: int = 96

    def __post_init__(self) -> None:
        known = StyleGAN2Config(resolution=self.resolution, channels=self.channels)
        if missing := [size for size in known.sizes if size not in self.widths]:
            raise ValueRangeError(f"The widths of an encoder must name every size, and lack {missing}.")
        if min(self.w_dim, self.blocks, self.code, *self.channels.values(), *self.widths.values()) < 1:
            raise ValueRangeError("The sizes of an encoder are whole numbers from 1.")

    @classmethod
    def fitting(cls, generator: StyleGAN2Config, *, widest: int = 96) -> PictureEncoderConfig:
        """An encoder for a generator.

        Args:
            generator: The sizes of the generator.
            widest: No stage has more channels than this, nor than the features that it estimates.
        """
        channels = {size: generator.channels[size] for size in generator.sizes}
        widths = {size: min(widest, channels[max(4, size // 2)]) for size in channels}
        return cls(generator.resolution, generator.w_dim, channels, widths)

    def fits(self, generator: StyleGAN2Config) -> bool:
        """Whether an encoder of these sizes can read this generator's pictures."""
        channels = {size: generator.channels[size] for size in generator.sizes}
        mine = (self.resolution, self.w_dim, self.channels)
        return mine == (generator.resolution, generator.w_dim, channels)

    @property
    def sizes(self) -> list[int]:
        """The resolutions from 4 up."""
        return sorted(self.channels)

    @property
    def num_ws(self) -> int:
        """How many copies of w the generator takes."""
        return 2 * len(self.sizes)

    @property
    def layers(self) -> dict[int, str]:
        """The layer whose output is estimated, by its resolution: `{32: "layer32b", ..., 4: "layer4"}`."""
        return {size: f"layer{size}b" if size > 4 else "layer4" for size in reversed(self.sizes[:-1])}

    def latents_of(self, size: int) -> slice:
        """Which copies of w the stage of a resolution reads off."""
        number = self.sizes.index(size)
        first = 2 * number - 1 if number else 0
        return slice(first, 2 * number + (2 if size == self.resolution else 1))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside the identity; the second starts at zero.

    Args:
        width: Channels that come in and go out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Add what the two convolutions make of it."""
        y = self.first(functional.leaky_relu(x, _LEAK))
        added: Tensor = self.second(functional.leaky_relu(y, _LEAK))
        return x + added


class Stage(nn.Module):
    """One resolution in reverse: estimates the features below it, and reads the latents of its layers.

    Args:
        config: The sizes of the encoder.
        size: The resolution.
    """

    def __init__(self, config: PictureEncoderConfig, size: int) -> None:
        super().__init__()
        self.size, width = size, config.widths[size]
        from_picture = size == config.resolution
        if from_picture:
            self.enter: nn.Module = nn.Conv2d(3 * 4, width, 3, padding=1)
        else:
            self.enter = nn.Conv2d(config.channels[size], width, 3, padding=1, stride=2 if size > 4 else 1)
        self.from_picture = from_picture
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(config.blocks)))
        self.leave = nn.Conv2d(width, config.channels[size // 2], 1) if size > 4 else None
        self.narrow = nn.Conv2d(width, _NARROW, 1)
        self.code = nn.Linear(_NARROW * _POOLED**2, config.code)
        latents = config.latents_of(size)
        self.head = nn.Linear(config.code, (latents.stop - latents.start) * config.w_dim)

    def forward(
        self, above: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b d _ _"] | None, Float[Tensor, "b code"], Float[Tensor, "b values"]]:
        """One step back.

        Args:
            above: The picture, or normalised features of the last layer of this resolution.

        Returns:
            Normalised features of the last layer of the next smaller resolution (None at the smallest); the
            code; the normalised latents of this resolution's layers, one after another.
        """
        x = self.enter(functional.pixel_unshuffle(above, 2) if self.from_picture else above)
        x = functional.leaky_relu(self.blocks(x), _LEAK)
        below = None if self.leave is None else self.leave(x)
        pooled = functional.adaptive_avg_pool2d(self.narrow(x), _POOLED)
        code = functional.leaky_relu(self.code(pooled.flatten(1)), _LEAK)
        return below, code, self.head(code)


class PictureEncoder(nn.Module):
    """Estimates from a picture what a StyleGAN2 drew it with: every w, and features on the way.

    Args:
        config: Its sizes.
    """

    def __init__(self, config: PictureEncoderConfig) -> None:
        super().__init__()
        self.config = config
        for size in config.sizes:
            setattr(self, f"s{size}", Stage(config, size))
        codes = config.code * len(config.sizes)
        self.correction = nn.Sequential(
            nn.Linear(codes, 2 * config.code),
            nn.LeakyReLU(_LEAK),
            nn.Linear(2 * config.code, config.num_ws * config.w_dim),
        )
        for parameter in self.correction[-1].parameters():
            nn.init.zeros_(parameter)
        for size, layer in config.layers.items():
            self.register_buffer(f"mean_{layer}", torch.zeros(config.channels[size]))
            self.register_buffer(f"deviation_{layer}", torch.ones(config.channels[size]))
        self.register_buffer("mean_w", torch.zeros(config.w_dim))
        self.register_buffer("deviation_w", torch.ones(config.w_dim))
        self.mean_w: Tensor
        self.deviation_w: Tensor

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose features it estimates, from the picture down."""
        return tuple(self.config.layers.values())

    def stage(self, size: int) -> Stage:
        """The stage of a resolution."""
        stage = getattr(self, f"s{size}")
        assert isinstance(stage, Stage)
        return stage

    def normalised(self, layer: str, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Features of the generator in its own means and deviations."""
        mean, deviation = self._measures(layer)
        return (features - mean) / deviation

    def restored(self, layer: str, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The inverse of `normalised`."""
        mean, deviation = self._measures(layer)
        return features * deviation + mean

    def restored_w(self, values: Float[Tensor, "b values"]) -> Float[Tensor, "b n w_dim"]:
        """Latents as the generator takes them, from what heads give."""
        rows = values.float().unflatten(1, (-1, self.config.w_dim))
        restored: Tensor = rows * self.deviation_w + self.mean_w
        return restored

    def _measures(self, layer: str) -> tuple[Tensor, Tensor]:
        mean, deviation = getattr(self, f"mean_{layer}"), getattr(self, f"deviation_{layer}")
        return mean[:, None, None], deviation[:, None, None]

    def estimate(
        self, images: Float[Tensor, "b 3 h w"]
    ) -> tuple[Float[Tensor, "b values"], dict[str, Float[Tensor, "b c _ _"]]]:
        """As `forward`, but the latents and features stay normalised.

        Raises:
            ShapeError: They are not pictures of the generator's size.
        """
        size = self.config.resolution
        if images.ndim != 4 or tuple(images.shape[1:]) != (3, size, size):
            raise ShapeError(
                f"The encoder takes pictures [batch, 3, {size}, {size}], got {list(images.shape)}."
            )
        above, features, codes, heads = images, {}, [], []
        for size in reversed(self.config.sizes):
            below, code, values = self.stage(size)(above)
            codes.append(code)
            heads.append(values)
            if below is not None:
                features[self.config.layers[size // 2]] = above = below
        return torch.cat(heads[::-1], 1) + self.correction(torch.cat(codes[::-1], 1)), features

    def forward(
        self, images: Float[Tensor, "b 3 h w"]
    ) -> tuple[Float[Tensor, "b num_ws w_dim"], dict[str, Float[Tensor, "b c _ _"]]]:
        """Encode pictures.

        Args:
            images: RGB in [-1, 1], of the generator's size.

        Returns:
            One latent w per layer, and estimates of the generator's features by layer (`layers`), in the
            generator's own scale; float32.

        Raises:
            ShapeError: They are not pictures of the generator's size.
        """
        values, features = self.estimate(images)
        restored = {layer: self.restored(layer, found.float()) for layer, found in features.items()}
        return self.restored_w(values), restored


ARCHITECTURE = Architecture("picture encoder", PictureEncoderConfig, PictureEncoder)
