"""State dicts of image classifiers, built by timm or torchvision, whichever is installed.

The family is told by the names of the tensors; its members are then built without memory, one after the
other, until names and shapes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from inscape.errors import MissingExtraError, UnsupportedError
from inscape.types import JsonObject

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from inscape.models.model import Model

_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("layer1.0.conv1.weight", ("resnet*", "wide_resnet*", "resnext*", "seresnet*", "resnetv2*")),
    ("features.denseblock1.denselayer1.norm1.weight", ("densenet*",)),
    ("features.0.weight", ("vgg*", "alexnet")),
    ("features.0.0.weight", ("mobilenet_*", "efficientnet_*", "convnext_*", "swin_*")),
    ("conv_stem.weight", ("efficientnet*", "tf_efficientnet*", "mobilenetv*", "mnasnet*")),
    ("patch_embed.proj.weight", ("deit*", "vit_*", "swin_*", "mixer_*", "beit*")),
    ("conv_proj.weight", ("vit_*",)),
    ("stem.0.weight", ("convnext*",)),
    ("stem.conv.weight", ("regnet*",)),
    ("Conv2d_1a_3x3.conv.weight", ("inception_v3*",)),
)
"""A tensor that all networks of a family have, and their names in both libraries."""
_HEADS = (
    *("fc", "head", "classifier", "head.fc", "heads.head", "last_linear"),
    *(f"classifier.{index}" for index in (6, 3, 2, 1)),
)
_HOLDERS = ("state_dict", "model", "model_state_dict", "net", "state_dict_ema", "model_ema")
_PREFIXES = ("module.", "model.", "_orig_mod.")
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def bare_classifier(value: object, name: str, device: torch.device) -> Model | None:
    """The classifier whose weights a file holds; None where they are not those of one.

    Args:
        value: The content of the file.
        name: Of the model.
        device: Where the weights go.

    Raises:
        MissingExtraError: They are, and neither timm nor torchvision is installed to build it.
        UnsupportedError: They are of a known family, but of no network that is installed.
    """
    tensors = _tensors(value)
    patterns = next((names for marker, names in _FAMILIES if marker in tensors), ())
    heads = [tensors[f"{head}.bias"] for head in _HEADS if f"{head}.bias" in tensors]
    if not patterns or not heads:
        return None
    libraries = [library for library in (_torchvision(patterns), _timm(patterns)) if library is not None]
    if not libraries:
        raise MissingExtraError("timm", "timm")
    for members, build in libraries:
        for member in sorted(members, key=lambda each: (each not in name.lower(), len(each))):
            network = _fitting(partial(build, member, len(heads[0])), tensors)
            if network is not None:
                return _model(network, member, name, device)
    raise UnsupportedError(
        f"{name!r} holds the weights of a classifier like {patterns[0].rstrip('*_')!r}, but no network of "
        "the timm or torchvision that is installed has its names and shapes.",
        "Build it with its own code and pass the module to inscape.open.",
    )


def _tensors(value: object) -> dict[str, Tensor]:
    """The tensors of a state dict, one level down and without a prefix where it has that."""
    import torch

    if isinstance(value, Mapping):
        value = next((value[name] for name in _HOLDERS if isinstance(value.get(name), Mapping)), value)
    if not isinstance(value, Mapping):
        return {}
    found = {str(name): each for name, each in value.items() if isinstance(each, torch.Tensor) and each.ndim}
    for prefix in _PREFIXES:
        if found and all(name.startswith(prefix) for name in found):
            found = {name.removeprefix(prefix): each for name, each in found.items()}
    return found


_Library = tuple[list[str], "Callable[[str, int], nn.Module]"]


def _timm(patterns: tuple[str, ...]) -> _Library | None:
    try:
        import timm
    except Exception:  # also one that does not fit this torch
        return None
    return timm.list_models(list(patterns)), lambda name, count: timm.create_model(name, num_classes=count)


def _torchvision(patterns: tuple[str, ...]) -> _Library | None:
    try:
        from torchvision import models
    except Exception:  # also one that does not fit this torch
        return None
    names = [
        name
        for name in models.list_models(module=models)
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
    return names, lambda name, count: models.get_model(name, weights=None, num_classes=count)


def _fitting(build: Callable[[], nn.Module], tensors: Mapping[str, Tensor]) -> nn.Module | None:
    """The network with these tensors in it; None where names or shapes are others."""
    import torch

    try:
        with torch.device("meta"):
            wanted = dict(_shapes(build().state_dict()))
        if wanted != dict(_shapes(tensors)):
            return None
        network = build()
    except (RuntimeError, TypeError, ValueError, NotImplementedError):
        return None  # a member that cannot be built so
    network.load_state_dict({name: each.float() for name, each in tensors.items()}, strict=False)
    return network


def _shapes(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, tuple[int, ...]]]:
    return ((name, tuple(each.shape)) for name, each in tensors.items() if each.ndim)


def _model(network: nn.Module, member: str, name: str, device: torch.device) -> Model:
    from inscape.models import hub

    said: object = getattr(network, "pretrained_cfg", None)
    known: JsonObject = said if isinstance(said, dict) else {}
    size = known.get("input_size", (3, 299, 299) if member.startswith("inception") else (3, 224, 224))
    looks = hub.Looks(size[-1], known.get("mean", _MEAN), known.get("std", _SPREAD))
    return hub.classifier(network, looks, device, name=name, source=f"A state dict of {member!r}.")
