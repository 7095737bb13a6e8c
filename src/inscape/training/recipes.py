"""What the shipped models are trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from inscape.errors import FormatError, NotFoundError, UsageError, ValueRangeError, unknown_name

_CHANNELS = {4: 192, 8: 192, 16: 128, 32: 64, 64: 32, 128: 16}


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
        mapping_rate: Learning-rate multiplier of the mapping network.
        channels: Units of the generator by resolution.
        discriminator_channels: Units of the discriminator by resolution.
        resample_filter: Of the generator's convolutions that double the size, see `StyleGAN2Config`.
        batch: Pictures in a step.
        shards: Into how many parts a batch is split, one thread each. Randomness belongs to a shard, so that
            a run is the same however many threads it gets.
        learning_rate: Of Adam, with betas 0 and 0.99. At 64 pixels 0.006 oversteps: the generator's gradients
            of one step and the next are then unrelated (cosine -0.06; at 0.001 it is 0.15). With a penalty of
            0.1, 0.004 diverges after a million pictures, 0.002 and 0.001 do not.
        small_learning_rate: The same while smaller pictures are drawn; None changes nothing.
        r1_weight: Gamma of the gradient penalty on real pictures. Too much of it blinds the discriminator:
            at 64 pixels the Fréchet distance of areas fell from 63 to 59 over 240 000 pictures with 1, and
            from 59 to 51 over the 83 000 that followed, with 0.1.
        small_r1_weight: The same while smaller pictures are drawn.
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
    resample_filter: tuple[float, ...] = (1.0, 3.0, 3.0, 1.0)
    batch: int = 16
    shards: int = 2
    learning_rate: float = 0.002
    small_learning_rate: float | None = None
    r1_weight: float = 0.5
    small_r1_weight: float | None = None
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
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch % self.shards:
            raise ValueRangeError(f"A batch of {self.batch} cannot be split into {self.shards} equal shards.")

    def size_at(self, images: int) -> int:
        """The size that is trained after so many pictures."""
        return min((size for size, until in self.growth.items() if images < until), default=self.size)

    def learning_rate_at(self, size: int) -> float:
        """The learning rate while pictures of a size are drawn."""
        small = self.small_learning_rate
        return self.learning_rate if small is None or size >= self.size else small

    def r1_weight_at(self, size: int) -> float:
        """Gamma while pictures of a size are drawn."""
        small = self.small_r1_weight
        return self.r1_weight if small is None or size >= self.size else small

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


_SIZED = ("channels", "discriminator_channels", "growth")
_GENERATORS = {
    "town": GanRecipe(
        "town",
        "town",
        64,
        batch=32,
        learning_rate=0.002,
        small_learning_rate=0.006,
        r1_weight=0.1,
        small_r1_weight=0.3,
        resample_filter=(0.0, 1.0, 1.0, 0.0),
        average_images=20_000,
        noise=False,
        growth={16: 60_000, 32: 160_000},
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
