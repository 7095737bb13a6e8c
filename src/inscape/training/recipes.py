"""What the shipped models are trained with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from inscape.errors import NotFoundError, UsageError, ValueRangeError, unknown_name
from inscape.models.architectures._fir import SMOOTH
from inscape.models.architectures.architecture import Sizes
from inscape.types import JsonObject

DEFAULT_SIZE = 128
_CHANNELS = {4: 192, 8: 192, 16: 128, 32: 64, 64: 32, 128: 16}


@dataclass(frozen=True)
class Stage:
    """The part of a training that draws pictures of one size.

    Attributes:
        size: Height and width of the pictures.
        until: Pictures seen when the next stage begins; None for the last stage.
        penalty: Gamma, the weight of both gradient penalties.
        taps: Blocks of the feature network whose outputs are judged, fine to coarse.
    """

    size: int
    until: int | None = None
    penalty: float = 20.0
    taps: tuple[int, ...] = (0, 2, 4, 10)


@dataclass(frozen=True)
class GanRecipe(Sizes):
    """How a generator is trained on a world.

    Attributes:
        name: What the model will be called.
        world: The world that it learns to draw.
        stages: From small pictures to large ones, each of twice the size of the one before.
        scenes: How many scenes are drawn ahead of time, for each size.
        first_seed: Seed of the first of them; small seeds stay unseen.
        z_dim: Size of the latent z.
        w_dim: Size of the latent w.
        mapping_layers: Depth of the mapping network.
        mapping_rate: Learning-rate multiplier of the mapping network.
        channels: Units of the generator by resolution.
        resample_filter: Of the generator's convolutions that double the size, see `StyleGAN2Config`.
        features: The feature network: a model of the zoo, or a folder of one.
        level_channels: Channels of each level of features after random mixing, fine to coarse.
        batch: Pictures in a step.
        generator_rate: Learning rate of the generator; Adam with betas 0 and 0.99.
        discriminator_rate: Of the discriminators.
        moved: Fraction of the pictures, real and generated, that are moved before they are judged.
        move: By how much at most, as a fraction of their size; their border is repeated.
        average_images: Half-life of the moving average of the weights, in pictures.
        average_warm_up: The half-life is at most this fraction of the pictures seen.
        seed: Seed of all random numbers.
    """

    named = "a recipe for a generator"

    name: str
    world: str
    stages: tuple[Stage, ...]
    scenes: int = 60_000
    first_seed: int = 10_000_000
    z_dim: int = 128
    w_dim: int = 128
    mapping_layers: int = 4
    mapping_rate: float = 1.0
    channels: dict[int, int] = field(default_factory=lambda: dict(_CHANNELS))
    resample_filter: tuple[float, ...] = SMOOTH
    features: str = "efficientnet-lite0"
    level_channels: tuple[int, ...] = (32, 64, 128, 256)
    batch: int = 32
    generator_rate: float = 0.002
    discriminator_rate: float = 0.001
    moved: float = 0.5
    move: float = 0.125
    average_images: int = 20_000
    average_warm_up: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        sizes = [stage.size for stage in self.stages]
        doubled = [2 * size for size in sizes[:-1]]
        if not sizes or sizes[1:] != doubled:
            raise ValueRangeError(
                f"Every stage of a recipe has twice the size of the one before, got {sizes}."
            )
        ends = [stage.until for stage in self.stages]
        known = [end for end in ends[:-1] if end is not None]
        if ends[-1] is not None or len(known) != len(ends) - 1 or known != sorted(set(known)):
            raise ValueRangeError(
                f"Every stage of a recipe but the last ends at a number of pictures, ascending, got {ends}."
            )
        if any(len(stage.taps) != len(self.level_channels) for stage in self.stages):
            raise ValueRangeError(
                f"Every stage of a recipe has one tap for each of the {len(self.level_channels)} levels."
            )

    @property
    def size(self) -> int:
        """Height and width of the pictures in the end."""
        return self.stages[-1].size

    def stage_at(self, images: int) -> Stage:
        """The stage that is trained after so many pictures."""
        return next(stage for stage in self.stages if stage.until is None or images < stage.until)

    def stage_of(self, size: int) -> Stage:
        """The stage that draws pictures of a size; for a size below all of them, the first."""
        return next((stage for stage in reversed(self.stages) if stage.size <= size), self.stages[0])


@dataclass(frozen=True)
class ClassifierRecipe:
    """How a classifier is trained on a world.

    Attributes:
        name: What the model will be called.
        world: The world whose scenes it sees.
        task: What it tells apart, see `inscape.scenes.tasks`.
        architecture: The name of its architecture.
        layer: Where dissection starts.
        size: Height and width of the pictures.
        config: Sizes of the network that differ from the architecture's own.
        start: "scratch", or the name or folder of a model whose layers the training begins with.
        rate: The highest learning rate from scratch.
        further_rate: The highest learning rate of a training that begins with another model's layers.
        shipped: The shipped model of these layers, where it has another name.
    """

    name: str
    world: str
    task: str
    architecture: str
    layer: str
    size: int = 64
    config: JsonObject = field(default_factory=dict)
    start: str = "scratch"
    rate: float = 2e-3
    further_rate: float = 1e-3
    shipped: str | None = None

    @property
    def highest_rate(self) -> float:
        """The highest learning rate of a training that begins as this one does."""
        return self.rate if self.start == "scratch" else self.further_rate


_GENERATORS = {
    name: GanRecipe(name, name, (Stage(64, until=200_000), Stage(128))) for name in ("town", "room")
}
_CLASSIFIERS = {
    each.name: each
    for each in (
        ClassifierRecipe("town-classifier", "town", "building", "residual_classifier", "head"),
        ClassifierRecipe(
            *("town-classifier-vit", "town", "building", "vision_transformer", "neurons4"), rate=1e-3
        ),
        ClassifierRecipe(
            *("town-classifier-season", "town", "season", "residual_classifier", "head"),
            shipped="town-classifier",
        ),
    )
}


def recipe(name: str, size: int = DEFAULT_SIZE) -> GanRecipe:
    """The recipe of a shipped generator.

    Args:
        name: "town" or "room".
        size: 64 or 128; the stages up to this size.

    Raises:
        NotFoundError: There is no such recipe.
        UsageError: It does not come in that size.
    """
    if name not in _GENERATORS:
        raise NotFoundError(*unknown_name("recipe", name, recipe_names()))
    whole = _GENERATORS[name]
    sizes = [stage.size for stage in whole.stages]
    if size not in sizes:
        raise UsageError(f"The recipe {name!r} has the sizes {', '.join(map(str, sizes))}, got {size}.")
    stages = whole.stages[: sizes.index(size) + 1]
    return replace(whole, stages=(*stages[:-1], replace(stages[-1], until=None)))


def classifier_recipe(name: str) -> ClassifierRecipe | None:
    """The recipe of a classifier; None where there is none of that name."""
    return _CLASSIFIERS.get(name)


def recipe_names() -> list[str]:
    """All that can be trained: generators, an encoder for each, a segmenter for its world, classifiers."""
    made = [f"{generator}{part}" for generator in _GENERATORS for part in ("", "-encoder", "-segmenter")]
    return [*made, *_CLASSIFIERS]
