"""Export a training run: a model folder, and the state that continues the training."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inscape import scenes, storage
from inscape.errors import FormatError
from inscape.models import names, open_model
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.card import Card
from inscape.models.generator_card import generator_card
from inscape.models.packaged import PACKAGED
from inscape.models.weights import weights_hash
from inscape.pictures import to_uint8, z_from_seed
from inscape.training._gan_state import GanState, rescale_mapping
from inscape.training.recipes import GanRecipe

MAPPING_RATE = 0.01
"""The learning-rate multiplier that shipped generators are stored with, as NVIDIA's and rosinality's are."""
_COMPARED = 64


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        model: Folder with `card.json` and `weights.safetensors`.
        checkpoint: What training can continue from; None where it was not asked for.
        half: Whether the weights are in half precision.
        grey_levels: By how many of 255 grey levels half precision changes any pixel of 64 pictures.
    """

    model: Path
    checkpoint: Path | None
    half: bool
    grey_levels: int


def export_generator(
    checkpoint: Path | str,
    model: Path | str,
    *,
    kept: Path | str | None = None,
    distances: Path | str | None = None,
) -> Exported:
    """Write the moving average of a run as a model that `inscape.open` opens.

    Weights are stored in half precision where that changes no pixel of 64 pictures by more than one grey
    level.

    Args:
        checkpoint: `checkpoint.safetensors` of a run, or its folder.
        model: Folder to write, as a whole.
        kept: Where to write what training can continue from: both networks, the average; half precision.
        distances: `distance.jsonl` of the run; its last line goes into the card.

    Raises:
        FormatError: It is not a checkpoint of training a generator.
    """
    state = _state(Path(checkpoint))
    recipe = state.recipe
    network = _standard(state.average)
    levels = _grey_levels(network)
    half = levels <= 1
    weights = {name: value.half() if half else value for name, value in network.state_dict().items()}
    training = {
        **vars(state.counters),
        "batch": recipe.batch,
        "features": recipe.features,
        "half_levels": levels,
    }
    if distances is not None and Path(distances).exists():
        training |= _last_distance(Path(distances))
    with storage.atomic_folder(model) as folder:
        _card(recipe, network, training).write(folder / "card.json")
        storage.save_tensors(folder / "weights.safetensors", weights)
    written = None
    if kept is not None:
        written = state.save(Path(kept), half=True)
    return Exported(Path(model), written, half, levels)


def keep_training(checkpoint: Path | str, path: Path | str) -> Path:
    """Write what training can continue from, in half precision, over what was kept before.

    Args:
        checkpoint: `checkpoint.safetensors` of a run, or its folder.
        path: The safetensors file to write.

    Raises:
        FormatError: It is not a checkpoint of training a generator.
    """
    return _state(Path(checkpoint)).save(Path(path), half=True)


def _state(path: Path) -> GanState:
    """The state of a run, with the recipe that it was trained by."""
    path = path / "checkpoint.safetensors" if path.is_dir() else path
    _, metadata = storage.load_tensors(path)
    if "recipe" not in metadata:
        raise FormatError(f"{path} is not a checkpoint of training a generator.")
    return GanState.load(path, GanRecipe.from_json(json.loads(metadata["recipe"])), torch.device("cpu"))


def export_encoder(run: Path | str, model: Path | str) -> Path:
    """Write the encoder of a run as a model that `inscape.open` opens.

    Args:
        run: The folder of the run.
        model: Folder to write, as a whole.

    Raises:
        FormatError: The run holds no finished encoder, or one for other weights than the shipped generator's.
    """
    card = Card.read(Path(run) / "card.json")
    if card.architecture != "picture_encoder":
        raise FormatError(f"{run} holds {card.noun} of architecture {card.architecture!r}, no encoder.")
    generator = str(card.training.get("generator"))
    if generator not in names() or card.training["generator_hash"] != weights_hash(
        open_model(generator, device="cpu").module
    ):
        raise FormatError(
            f"The encoder in {run} was trained for other weights than those of the shipped {generator!r}.",
            f"Train one for these: inscape train {card.name} --out RUN",
        )
    return _copied(run, model)


def export_segmenter(run: Path | str, model: Path | str) -> Path:
    """Write the segmenter of a run as a model that `inscape.open` opens.

    Args:
        run: The folder of the run.
        model: Folder to write, as a whole.

    Raises:
        FormatError: The run holds no finished segmenter, or one of a world that draws other scenes today.
    """
    card = Card.read(Path(run) / "card.json")
    if card.architecture != "unet" or card.world is None:
        raise FormatError(f"{run} holds {card.noun} of architecture {card.architecture!r}, no segmenter.")
    if card.world_hash != scenes.world(card.world).hash():
        raise FormatError(
            f"The segmenter in {run} was trained on other scenes than the world {card.world!r} draws today.",
            f"Train one on these: inscape train {card.name} --out RUN",
        )
    return _copied(run, model)


def export_classifier(run: Path | str, model: Path | str, *, moments: Path | str | None = None) -> Path:
    """Write the classifier of a run as a model that `inscape.open` opens.

    Args:
        run: The folder of the run.
        model: Folder to write, as a whole.
        moments: Folder for the moments of the run, each a model of its own; they are left out without it.

    Raises:
        FormatError: The run holds no finished classifier.
    """
    run = Path(run)
    card = Card.read(run / "card.json")
    if card.kind != "classifier" or not card.classes:
        raise FormatError(
            f"{run} holds {card.noun} of architecture {card.architecture!r}, which tells no classes."
        )
    if moments is not None:
        for path in run.glob("moments/*/card.json"):
            _copied(path.parent, Path(moments) / path.parent.name)
    return _copied(run, model)


def _copied(run: Path | str, model: Path | str) -> Path:
    """Write the card and the weights of a run as a folder of their own, without the rest of the run."""
    weights, metadata = storage.load_tensors(Path(run) / "weights.safetensors")
    with storage.atomic_folder(model) as folder:
        Card.read(Path(run) / "card.json").write(folder / "card.json")
        storage.save_tensors(folder / "weights.safetensors", weights, metadata)
    return Path(model)


def _standard(average: StyleGAN2) -> StyleGAN2:
    """The same generator, stored with the usual learning-rate multiplier."""
    config = replace(average.config, lr_multiplier=MAPPING_RATE)
    network = StyleGAN2(config).eval().requires_grad_(False)
    network.load_state_dict(
        rescale_mapping(average.state_dict(), average.config.lr_multiplier / MAPPING_RATE)
    )
    return network


def _pixels(network: StyleGAN2) -> Tensor:
    z = torch.from_numpy(np.stack([z_from_seed(seed, network.config.z_dim) for seed in range(_COMPARED)]))
    with torch.inference_mode():
        return torch.from_numpy(to_uint8(network(z)).astype(np.int16))


def _grey_levels(network: StyleGAN2) -> int:
    rough = StyleGAN2(network.config).eval()
    rough.load_state_dict({name: value.half().float() for name, value in network.state_dict().items()})
    return int((_pixels(network) - _pixels(rough)).abs().max())


def _last_distance(path: Path) -> dict[str, float]:
    last = json.loads(path.read_text().splitlines()[-1])
    return {"frechet": last["frechet"], "frechet_floor": last["floor"], "measured_at": last["images"]}


def learned_from(features: str) -> str:
    """What a generator was told besides pictures, by the feature network of its adversary."""
    if features in PACKAGED:
        return f"It saw ImageNet's labels through its features ({features}), never those of the world."
    return f"Its adversary judged features of {features!r}, and what labels those learned from, it saw."


def _card(recipe: GanRecipe, network: StyleGAN2, training: dict[str, object]) -> Card:
    world = scenes.world(recipe.world)
    return generator_card(
        network,
        "stylegan2",
        name=recipe.name,
        concepts=world.vocabulary.to_json(),
        segmenter=f"{recipe.world}-segmenter",
        encoder=f"{recipe.name}-encoder",
        world=recipe.world,
        world_hash=world.hash(),
        training=dict(training),
        source=f"Trained on scenes of the world {recipe.world!r} by `inscape train {recipe.name}`. "
        + learned_from(recipe.features),
        licence="MIT",
        description=f"A StyleGAN2 that draws scenes of the world {recipe.world!r}.",
    )
