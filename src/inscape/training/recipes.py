"""What the shipped models are trained with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from inscape.errors import FormatError, NotFoundError, UsageError, ValueRangeError, unknown_name

_CHANNELS = {4: 192, 8: 192, 16: 128, 32: 64, 64: 32, 128: 16}
_CODER_CHANNELS = {**_CHANNELS, 4: 256}


@dataclass(frozen=True)
class GanRecipe:
    """How a generator is trained on a world.

    Attributes:
        name: What the model will be called.
        world: The world that it learns to draw.
        size: Height and width of its pictures.
        scenes: How many scenes are drawn ahead of time.
        first_seed: Seed of the first of them; small seeds stay unseen.
        z_dim: Size of the latent z.
        w_dim: Size of the latent w.
        mapping_layers: Depth of the mapping network.
        mapping_rate: Learning-rate multiplier of the mapping network. At ten times the usual 0.01 the
            adversary taught it one layout for every z.
        channels: Units of the generator by resolution.
        discriminator_channels: Units of the discriminator by resolution.
        coder_channels: Widths of the encoder that training may begin with, by resolution.
        resample_filter: Of the generator's convolutions that double the size, see `StyleGAN2Config`. With the
            usual (1, 3, 3, 1) a generator of 434 000 pictures drew 8 % of the world's power at 24 cycles a
            picture and 1 % at 31: it answered the discriminator with thick outlines instead of edges.
        batch: Pictures in a step.
        shards: Into how many parts a batch is split, one thread each. Randomness belongs to a shard, so that
            a run is the same however many threads it gets.
        learning_rate: Of Adam, with betas 0 and 0.99.
        r1_weight: Gamma of the gradient penalty on real pictures.
        r1_every: Steps from one penalty to the next.
        r1_fraction: Part of a shard that the penalty is taken on.
        path_weight: Weight of the path-length penalty; 0 leaves it out.
        path_every: Steps from one path-length penalty to the next.
        mixing: Fraction of pictures whose upper layers take another latent.
        flips: Whether real pictures are mirrored at random. Off where a world has lettering, which would be
            mirrored with it.
        average_images: Half-life of the moving average of the weights, in pictures.
        average_warm_up: The half-life is at most this fraction of the pictures seen.
        noise: Whether the layers get noise. Without it they keep a noise strength of 0.
        growth: Smaller sizes to begin with, and the number of pictures at which each is left:
            `{16: 30_000, 32: 50_000}` draws 16 pixels first, 32 from 30 000 pictures on, the full size from
            50 000. Small pictures cost less, and what stands where is learned from them.
        warm_start: Pictures that a fresh generator and an encoder learn to draw together before there is a
            discriminator (see `_picture_coder`); 0 leaves it out. They count as pictures seen.
        warm_rate: Learning rate that the warm start begins with. It falls along half a cosine to a tenth:
            what is drawn gets sharper as much by that as by the pictures.
        mapping_steps: Of the fit of the mapping network to the codes, at the end of the warm start.
        fixed_mapping: Whether the mapping network stays as it is after the warm start. Where it did not, the
            adversary taught it directions of w in which no code lies: one layout for every z, in outlines.
        code_weight: What the codes of the warm start cost, for each nat by which they tell of their picture.
        paired: Share of the generated pictures that are drawn from the codes of real ones, as in the warm
            start, and compared with them (Larsen et al., "Autoencoding beyond pixels using a learned
            similarity metric", ICML 2016); 0 leaves it out.
        drawing_weight: Weight of that comparison in pixels.
        drawing_size: The size up to which pixels are compared. Above it there is only the comparison of
            features: pixels would ask for the mean of all that is possible, which is blurred.
        feature_weight: Weight of that comparison in the features of the discriminator's blocks.
        judging_first: Pictures after the warm start that only the discriminator learns from.
        seed: Of everything random.
    """

    name: str
    world: str
    size: int
    scenes: int = 40_000
    first_seed: int = 10_000_000
    z_dim: int = 128
    w_dim: int = 128
    mapping_layers: int = 4
    mapping_rate: float = 0.01
    channels: dict[int, int] = field(default_factory=lambda: dict(_CHANNELS))
    discriminator_channels: dict[int, int] = field(default_factory=lambda: dict(_CHANNELS))
    coder_channels: dict[int, int] = field(default_factory=lambda: dict(_CODER_CHANNELS))
    resample_filter: tuple[float, ...] = (1.0, 3.0, 3.0, 1.0)
    batch: int = 16
    shards: int = 2
    learning_rate: float = 0.002
    r1_weight: float = 0.5
    r1_every: int = 16
    r1_fraction: float = 0.5
    path_weight: float = 0.0
    path_every: int = 4
    mixing: float = 0.2
    flips: bool = False
    average_images: int = 10_000
    average_warm_up: float = 0.05
    noise: bool = True
    growth: dict[int, int] = field(default_factory=dict)
    warm_start: int = 0
    warm_rate: float = 0.003
    mapping_steps: int = 12_000
    fixed_mapping: bool = False
    code_weight: float = 1e-4
    paired: float = 0.0
    drawing_weight: float = 1.0
    drawing_size: int = 16
    feature_weight: float = 5.0
    judging_first: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch % self.shards:
            raise ValueRangeError(f"A batch of {self.batch} cannot be split into {self.shards} equal shards.")

    def size_at(self, images: int) -> int:
        """The size that is trained after so many pictures."""
        return min((size for size, until in self.growth.items() if images < until), default=self.size)

    @property
    def has_coder(self) -> bool:
        """Whether there is an encoder."""
        return bool(self.warm_start or self.paired)

    def is_warm_start(self, images: int) -> bool:
        """Whether the warm start goes on after so many pictures."""
        return images < self.warm_start

    def warm_rate_at(self, images: int) -> float:
        """The learning rate of the warm start after so many pictures."""
        done = min(1.0, images / max(1, self.warm_start))
        return self.warm_rate * (0.55 + 0.45 * math.cos(math.pi * done))

    def is_first_after_warm_start(self, images: int) -> bool:
        """Whether the step after so many pictures is the first one of the adversarial training."""
        return self.warm_start <= images < self.warm_start + self.batch

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        value = asdict(self)
        for key in _SIZED:
            value[key] = {str(size): units for size, units in value[key].items()}
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> GanRecipe:
        """Read what `to_json` wrote.

        Raises:
            FormatError: A field is unknown or of the wrong kind.
        """
        try:
            channels = {
                key: {int(size): int(units) for size, units in value[key].items()}
                for key in _SIZED
                if key in value
            }
            taps = {key: tuple(value[key]) for key in ("resample_filter",) if key in value}
            return cls(**{**value, **channels, **taps})
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise FormatError(f"This is not a recipe for a generator: {error}.") from error


_SIZED = ("channels", "discriminator_channels", "coder_channels", "growth")
_GENERATORS = {
    "town": GanRecipe(
        "town",
        "town",
        64,
        batch=32,
        learning_rate=0.002,
        r1_weight=0.1,
        resample_filter=(0.0, 1.0, 1.0, 0.0),
        noise=False,
        growth={32: 160_000},
    )
}
_SIZES = (64, 128)


def recipe(name: str, size: int = 64) -> GanRecipe:
    """The recipe of a shipped generator.

    Args:
        name: "town".
        size: 64 or 128.

    Raises:
        NotFoundError: There is no such recipe.
        UsageError: It does not come in that size.
    """
    if name not in _GENERATORS:
        raise NotFoundError(*unknown_name("recipe", name, recipe_names()))
    if size not in _SIZES:
        raise UsageError(f"The recipe {name!r} has the sizes {', '.join(map(str, _SIZES))}, got {size}.")
    return replace(_GENERATORS[name], size=size)


def recipe_names() -> list[str]:
    """Everything that can be trained: generators, for each an encoder, and a segmenter for its world."""
    return [f"{generator}{part}" for generator in _GENERATORS for part in ("", "-encoder", "-segmenter")]
