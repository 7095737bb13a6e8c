"""Networks of the Hugging Face hub, by `transformers`, and of `timm`.

`hf:ORG/NAME` or `hf:FOLDER`: image classifiers, semantic segmentation, CLIP, GPT-2 and other causal language
models. GPT-2, GPT-J, GPT-NeoX, Llama, Qwen2 and what is built like them become one network of ours
(`hub_decoders`). They come from the ordinary cache of the hub or a local folder; `HF_HOME`, `HF_TOKEN` and
`HF_HUB_OFFLINE` are honoured, for it is the hub's own code that reads. Code that comes with a model is never
run. Layers of the others are found by running the network once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from inscape.concepts import Concept, Vocabulary
from inscape.errors import MissingExtraError, ModelNotFoundError, UnsupportedError
from inscape.models.any_module import card_of, layers_of
from inscape.models.architectures.decoder import decoder_card
from inscape.models.card import Layer
from inscape.models.hub_decoders import as_decoder
from inscape.models.language import LanguageModel
from inscape.models.model import Model
from inscape.types import JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

HUB, TIMM = "hf:", "timm:"
_TASKS = {
    "ForImageClassification": ("AutoModelForImageClassification", "classifier"),
    "ForSemanticSegmentation": ("AutoModelForSemanticSegmentation", "classifier"),
    "ForCausalLM": ("AutoModelForCausalLM", "language"),
    "LMHeadModel": ("AutoModelForCausalLM", "language"),
    "CLIPModel": ("CLIPModel", "encoder"),
}
_MEAN, _SPREAD, _SIZE = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 224
_TOKENS = 8
_MOST_CONCEPTS = 255


class Pictures(nn.Module):
    """A network that takes pictures as Inscape has them, RGB in [-1, 1].

    Args:
        network: Takes `[batch, 3, height, width]` normalized by mean and spread of values from 0 to 1.
        mean: Of every colour.
        spread: Of every colour.
    """

    def __init__(self, network: nn.Module, mean: Sequence[float], spread: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        for name, value in (("mean", mean), ("spread", spread)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32).reshape(1, 3, 1, 1))
        self.mean: Tensor
        self.spread: Tensor

    def normalized(self, images: Tensor) -> Tensor:
        """What the network itself takes."""
        return ((images + 1) / 2 - self.mean) / self.spread

    def forward(self, images: Tensor) -> Tensor:
        """Logits of pictures `[batch, 3, height, width]`."""
        return _logits(self.network(self.normalized(images)))


class Tokens(nn.Module):
    """A causal language model of a family that is not a `Decoder`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits `[batch, token, word]` of token numbers `[batch, token]`."""
        return _logits(self.network(tokens))


class PicturesAndTokens(Pictures):
    """A picture-text encoder."""

    def forward(self, images: Tensor, tokens: Tensor | None = None) -> Tensor:
        """How well pictures fit texts, `[picture, text]`; without tokens, texts of one zero."""
        zeros = torch.zeros(1, 1, dtype=torch.int64, device=images.device)
        out = self.network(
            input_ids=zeros if tokens is None else tokens, pixel_values=self.normalized(images)
        )
        logits: Tensor = out.logits_per_image
        return logits


def _logits(out: Any) -> Tensor:
    logits: Tensor = getattr(out, "logits", out)
    return logits


def open_hub(name: str, device: torch.device) -> Model:
    """Open a network of the hub.

    Args:
        name: What follows "hf:": ORG/NAME, or a folder.
        device: Where the weights go.

    Raises:
        MissingExtraError: `transformers` is not installed.
        ModelNotFoundError: There is no such network, or it is not in the cache and the hub cannot be reached;
            the message says what is.
        UnsupportedError: It is of a kind that is not opened, or needs code of its own.
    """
    transformers = _transformers()
    config = _fetched(name, lambda: transformers.AutoConfig.from_pretrained(name, trust_remote_code=False))
    kinds = list(getattr(config, "architectures", None) or [type(config).__name__.replace("Config", "Model")])
    found = [task for kind in kinds for ending, task in _TASKS.items() if kind.endswith(ending)]
    if not found:
        raise UnsupportedError(
            f"'{HUB}{name}' is a {kinds[0]}, which Inscape does not open.",
            "It opens image classifiers, semantic segmentation, CLIP and causal language models.",
        )
    loader, kind = found[0]
    read = getattr(transformers, loader).from_pretrained
    network = _fetched(name, lambda: read(name, trust_remote_code=False, dtype=torch.float32))
    known: JsonObject = {"name": name.rstrip("/").rpartition("/")[2], "kind": kind}
    known |= {"architecture": kinds[0], "config": {"source": f"{HUB}{name}"}}
    known["source"] = f"The Hugging Face hub: {name}."
    if kind == "language":
        return _language(transformers, name, network, known, device)
    size, mean, spread = _preprocessing(transformers, name, config)
    wrap = PicturesAndTokens if kind == "encoder" else Pictures
    labels = [str(config.id2label[index]) for index in sorted(getattr(config, "id2label", None) or {})]
    if loader == "AutoModelForSemanticSegmentation" and len(labels) <= _MOST_CONCEPTS:
        known["concepts"] = Vocabulary(Concept(label, "object") for label in _distinct(labels)).to_json()
    elif kind == "classifier":
        known["classes"] = labels
    return _opened(wrap(network, mean, spread), known | {"image_size": size}, device)


def open_timm(name: str, device: torch.device) -> Model:
    """Open a classifier of `timm` with its pretrained weights; `timm` needs torchvision.

    Raises:
        MissingExtraError: `timm` is not installed.
        UnsupportedError: It, or the torchvision that it needs, cannot be imported.
        ModelNotFoundError: There is no such network, or it cannot be fetched.
    """
    try:
        import timm
    except ModuleNotFoundError as error:
        raise MissingExtraError("timm", "timm") from error
    except Exception as error:
        raise UnsupportedError(f"timm is installed but cannot be imported: {error}.") from error
    network = _fetched(name, lambda: timm.create_model(name, pretrained=True))
    data = timm.data.resolve_model_data_config(network)
    looks = Looks(data["input_size"][-1], data["mean"], data["std"])
    config = {"source": f"{TIMM}{name}"}
    return classifier(network, looks, device, name=name, source=f"timm: {name}.", config=config)


class Looks(NamedTuple):
    """What a classifier was trained on: height and width of its pictures, mean and spread of every colour."""

    size: int
    mean: Sequence[float]
    spread: Sequence[float]


def classifier(network: nn.Module, looks: Looks, device: torch.device, **known: Any) -> Model:
    """A model of a classifier of timm or torchvision.

    Args:
        network: Takes normalized pictures.
        looks: Of those.
        device: Where the weights go.
        known: Fields of the card; `name` at least.
    """
    known |= {"kind": "classifier", "architecture": "timm", "image_size": looks.size}
    return _opened(Pictures(network, looks.mean, looks.spread), known, device)


def _opened(module: Pictures, known: JsonObject, device: torch.device) -> Model:
    module.to(device).eval().requires_grad_(False)
    images = torch.zeros(1, 3, known["image_size"], known["image_size"], device=device)
    return Model(module, card_of(module, _inside(module, lambda: module(images)), known))


def _language(
    transformers: ModuleType, name: str, network: nn.Module, known: JsonObject, device: torch.device
) -> LanguageModel:
    try:
        read = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        tokenizer = getattr(read, "backend_tokenizer", None)
    except Exception:  # a folder may hold a network alone, which can be looked into without words
        tokenizer = None
    decoder = as_decoder(network)
    if decoder is not None:
        said = {key: known[key] for key in ("name", "source")}
        card = decoder_card(decoder.config, **said)
        return LanguageModel(decoder.to(device), card, tokenizer, origin=_folder(name))
    module = Tokens(network).to(device).eval().requires_grad_(False)
    tokens = torch.zeros(1, _TOKENS, dtype=torch.int64, device=device)
    card = card_of(module, _inside(module, lambda: module(tokens)), known)
    return LanguageModel(module, card, tokenizer)


def _folder(name: str) -> Path | None:
    """Where the files of a network are: its folder, or that of the hub's cache."""
    from huggingface_hub import try_to_load_from_cache

    if Path(name).is_dir():
        return Path(name)
    found = try_to_load_from_cache(name, "config.json")
    return Path(found).parent if isinstance(found, str) else None


def _inside(module: nn.Module, run: Callable[[], object]) -> tuple[Layer, ...]:
    """The layers of the wrapped network, under its own names."""
    layers, _ = layers_of(module, run)
    prefix = "network."
    return tuple(
        layer.model_copy(update={"name": layer.name.removeprefix(prefix)})
        for layer in layers
        if layer.name.startswith(prefix)
    )


def _transformers() -> ModuleType:
    try:
        import transformers
    except ModuleNotFoundError as error:
        raise MissingExtraError("transformers", "hub") from error
    except Exception as error:
        raise UnsupportedError(
            f"transformers is installed but cannot be imported: {error}.",
            "A torchvision that does not fit this torch is a common cause.",
        ) from error
    return transformers


def _fetched(name: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (OSError, RuntimeError) as error:
        first = (
            str(error).strip().splitlines()[0].rstrip(".:") if str(error).strip() else type(error).__name__
        )
        raise ModelNotFoundError(f"{name!r} cannot be downloaded or found: {first}.", _in_cache()) from error
    except (ValueError, KeyError, TypeError) as error:
        first = (
            str(error).strip().splitlines()[0].rstrip(".:") if str(error).strip() else type(error).__name__
        )
        raise UnsupportedError(f"{name!r} cannot be opened: {first}.") from error


def _in_cache() -> str:
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        held = sorted(repo.repo_id for repo in scan_cache_dir().repos if repo.repo_type == "model")
    except (CacheNotFound, OSError):
        held = []
    return f"In the cache: {', '.join(held)}." if held else "The cache of the hub holds no model."


def _preprocessing(
    transformers: ModuleType, name: str, config: object
) -> tuple[int, Sequence[float], Sequence[float]]:
    """Size, mean and spread that the network was trained with."""
    vision = getattr(config, "vision_config", config)
    size = getattr(vision, "image_size", None)
    try:
        held, _ = transformers.image_processing_utils.ImageProcessingMixin.get_image_processor_dict(name)
    except (OSError, AttributeError):
        held = {}
    asked = held.get("crop_size") if held.get("do_center_crop") else held.get("size")
    if isinstance(asked, dict):
        asked = asked.get("height", asked.get("shortest_edge"))
    size = next((each for each in (size, asked) if isinstance(each, int) and each > 0), _SIZE)
    mean, spread = held.get("image_mean"), held.get("image_std")
    usable = isinstance(mean, list) and isinstance(spread, list) and len(mean) == len(spread) == 3
    if held.get("do_normalize") is False:
        return size, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return (size, mean, spread) if usable else (size, _MEAN, _SPREAD)


def _distinct(labels: list[str]) -> list[str]:
    """Labels with a number behind those that are there already."""
    seen: dict[str, int] = {}
    made = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        made.append(label if seen[label] == 1 else f"{label} {seen[label]}")
    return made
