"""The entry point of all training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.errors import FormatError, NotFoundError, UsageError, unknown_name
from inscape.training.recipes import DEFAULT_SIZE, ClassifierRecipe, classifier_recipe, recipe_names
from inscape.training.recipes import recipe as generator_recipe
from inscape.training.result import TrainResult

if TYPE_CHECKING:
    import torch

    from inscape.progress import Progress

_SEGMENTER = "-segmenter"
_ENCODER = "-encoder"


def train(
    recipe: str,
    out: Path | str,
    minutes: float,
    *,
    size: int | None = None,
    images: int | None = None,
    start: str | Path = "scratch",
    measure: bool = False,
    seed: int = 0,
    device: str | torch.device | None = "auto",
    progress: Progress | None = None,
) -> TrainResult:
    """Train a shipped model, or continue the run in `out`.

    Args:
        recipe: One of `recipe_names()`.
        out: Folder of the run.
        minutes: Time for training. For a generator this run, otherwise all runs in `out`.
        size: Height and width of the pictures: 64 or 128. 128 unless given; for an encoder that of the
            shipped generator.
        images: For a generator: stop after so many pictures in all, however many minutes are left. For
            other models: train on so many, however many minutes that takes.
        start: "scratch", "shipped", or for a generator another run, for a classifier another model.
        measure: For a generator: measure again how a step is fastest on this machine.
        seed: Seed of all random numbers.
        device: "auto", "cpu", "cuda:0".
        progress: Reports how far it is.

    Raises:
        NotFoundError: There is no such recipe.
        UsageError: It has no such size or start, it is measured once only, or the minutes are not above 0.
        FormatError: `out` holds another training.
    """
    _check(recipe, Path(out), minutes, start, measure)
    if recipe.endswith(_ENCODER):
        from inscape.training.encoder import EncoderOptions, train_encoder

        name = recipe.removesuffix(_ENCODER)
        _check_size(name, size)
        encoder = EncoderOptions(seed=seed).over(images)
        return train_encoder(name, minutes, out, options=encoder, device=device, progress=progress)
    if recipe.endswith(_SEGMENTER):
        from inscape.training.segmenter import SegmenterOptions, train_segmenter

        world = recipe.removesuffix(_SEGMENTER)
        size = generator_recipe(world, size or DEFAULT_SIZE).size  # it reads the pictures of the generator
        segmenter = SegmenterOptions(seed=seed, size=size).over(images)
        return train_segmenter(world, minutes, out, options=segmenter, device=device, progress=progress)
    if (classifier := classifier_recipe(recipe)) is not None:
        from inscape.training.classifier import ClassifierOptions, train_classifier

        begun = _begun(classifier, start, size)
        asked = ClassifierOptions.of(begun, seed=seed, images=images)
        return train_classifier(begun, minutes, out, options=asked, device=device, progress=progress)
    from inscape.training.gan import GanOptions, train_gan

    chosen = replace(generator_recipe(recipe, size or DEFAULT_SIZE), seed=seed)
    generator = GanOptions(start=start, images=images, measure_machine=measure)
    return train_gan(chosen, out, minutes, options=generator, device=device, progress=progress)


def _check(recipe: str, out: Path, minutes: float, start: str | Path, measure: bool) -> None:
    """Refuse what cannot be trained.

    Raises:
        NotFoundError: There is no such recipe.
        UsageError: The minutes are not above 0, or this recipe has no such start, or is measured once only.
        FormatError: The folder holds another training.
    """
    if not 0 < minutes < float("inf"):
        raise UsageError(f"A training takes a number of minutes above 0, got {minutes:g}.")
    if recipe not in recipe_names():
        raise NotFoundError(*unknown_name("recipe", recipe, recipe_names()))
    is_classifier = classifier_recipe(recipe) is not None
    is_network = is_classifier or recipe.endswith((_SEGMENTER, _ENCODER))
    other = out / ("checkpoint.safetensors" if is_network else "state.safetensors")
    if other.exists():
        raise FormatError(f"{out} holds another training: there is a {other.name}.", "Choose another --out.")
    if start != "scratch" and is_network and not is_classifier:
        kind = "A segmenter" if recipe.endswith(_SEGMENTER) else "An encoder"
        raise UsageError(f"{kind} is trained from scratch, got {str(start)!r}.")
    if measure and is_network:
        raise UsageError(f"--measure is for generators, and {recipe!r} is none. Leave it out.")


def _begun(recipe: ClassifierRecipe, start: str | Path, size: int | None) -> ClassifierRecipe:
    """The recipe of a classifier with what it begins with.

    Raises:
        UsageError: It reads pictures of another size.
    """
    if size not in (None, recipe.size):
        raise UsageError(f"The recipe {recipe.name!r} reads pictures of {recipe.size} px, got --size {size}.")
    return replace(recipe, start=(recipe.shipped or recipe.name) if start == "shipped" else str(start))


def _check_size(generator: str, size: int | None) -> None:
    """Refuse another size than a shipped generator draws.

    Raises:
        UsageError: It is another one.
    """
    from inscape.models import card

    if size is not None and size != (drawn := card(generator).image_size):
        raise UsageError(f"The shipped generator {generator!r} draws {drawn} pixels, got --size {size}.")
