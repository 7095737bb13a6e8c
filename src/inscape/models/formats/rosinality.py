"""Checkpoints of rosinality's stylegan2-pytorch, and of the rewriting paper's sequential form of it.

A training run's, or the state dict of a generator alone. Names and shapes map onto NVIDIA's one to one;
nothing is flipped, transposed or scaled, but for the resampling filters, which carry the gain of 4.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inscape import storage
from inscape.errors import FormatError, UnsupportedError
from inscape.models.formats._sizes import stylegan2_config
from inscape.models.formats.format import Checkpoint, Format
from inscape.models.formats.found import Found

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models.model import Model

FILTER_GAIN = 4.0
_AVERAGE = "mean_latent"
_SOURCE = "A checkpoint of rosinality's stylegan2-pytorch."
_SEQUENTIAL = "A checkpoint of the sequential StyleGAN2 of the rewriting code."
_LAYER = {
    "weight": "conv.weight",
    "affine.weight": "conv.modulation.weight",
    "affine.bias": "conv.modulation.bias",
    "noise_strength": "noise.weight",
    "bias": "activate.bias",
    "resample_filter": "conv.blur.kernel",
}
_TO_RGB = {
    "weight": "conv.weight",
    "affine.weight": "conv.modulation.weight",
    "affine.bias": "conv.modulation.bias",
    "bias": "bias",
}


def recognises(value: object) -> bool:
    """Whether this is such a checkpoint."""
    return isinstance(value, Mapping) and {"style.1.weight", "input.input"} <= value.keys()


def read(value: Checkpoint) -> Found:
    """Find the generator in it.

    Raises:
        FormatError: Something is missing or does not fit.
        UnsupportedError: There is no mapping network.
    """
    import torch

    from inscape.models.architectures._fir import separable_filter

    weights = {str(name): tensor for name, tensor in value.items()}
    sequential = any(name.startswith("layer2.") for name in weights)
    averages = [weights.pop(name, None) for name in (_AVERAGE, "latent_avg", "latents.latent_avg")]
    average = next((each for each in averages if isinstance(each, torch.Tensor) and each.numel() > 1), None)
    own = {plain_name(name): tensor for name, tensor in weights.items()} if sequential else weights
    tensors: dict[str, Tensor] = {}
    for name in own:
        renamed = our_name(name)
        if renamed is None or renamed in tensors or not isinstance(own[name], torch.Tensor):
            raise FormatError(f"it has {name!r}, which does not belong to a generator of this kind.")
        tensors[renamed] = _reshaped(renamed, own[name])
    gains = {name: FILTER_GAIN for name in tensors if name.endswith("resample_filter")}
    layers = [name.removesuffix(".weight") for name in tensors if re.search(r"conv[01]\.weight$", name)]
    filters = {f"{place}.resample_filter" for layer in layers for place in (layer, layer.rpartition(".")[0])}
    made = {name: separable_filter() for name in filters - tensors.keys()}
    noiseless = not any(name.endswith("noise_const") for name in tensors)
    if sequential or noiseless:
        made |= _noise(layers, alike=sequential)
    tensors |= made
    config = stylegan2_config(tensors)
    tensors["mapping.w_avg"] = _average(average, config["w_dim"])
    return Found(
        "stylegan2",
        config,
        tensors,
        _SEQUENTIAL if sequential else _SOURCE,
        gains,
        average_missing=average is None,
        note="The file has no noise, so it is drawn once from the seed 0." if noiseless else "",
        absent=frozenset(made),
    )


def _average(average: Tensor | None, w_dim: int) -> Tensor:
    """The average of w from what a file has: a vector, or the same vector for each layer.

    Raises:
        FormatError: The vectors of layers differ.
    """
    import torch

    if average is None:
        return torch.zeros(w_dim)
    rows = average.reshape(-1, w_dim) if average.numel() % w_dim == 0 else average[None]
    if len(rows) > 1 and not torch.equal(rows, rows[:1].expand_as(rows)):
        raise FormatError("it has another 'latent_avg' for each layer; one vector was expected.")
    return rows[0]


def _noise(layers: Iterable[str], *, alike: bool) -> dict[str, Tensor]:
    """Constant noise from the seed 0, the same every time.

    Args:
        layers: Names of the convolutions.
        alike: Whether each starts from the seed, as in the rewriting code, which does not look at what is in
            the file; otherwise they go on from one another, small maps first.
    """
    import torch

    random, made = np.random.RandomState(0), {}
    sizes = {layer: int(layer.split(".")[1].removeprefix("b")) for layer in layers}
    for layer in sorted(sizes, key=lambda layer: (sizes[layer], layer)):
        random = np.random.RandomState(0) if alike else random
        noise = random.standard_normal((sizes[layer], sizes[layer])).astype(np.float32)
        made[f"{layer}.noise_const"] = torch.from_numpy(noise)
    return made


def write(model: Model, path: Path) -> None:
    """Write the generator, as a training run keeps it, and the average of w, atomically.

    The loader of the rewriting code asks for a `latent_avg`, and PyTorch of today lets it take nothing but a
    single number there, which it keeps and never reads. It is not a number, so that whoever adds it to a
    latent sees that the average is elsewhere: in `mean_latent`, as rosinality's method of that name gives it.

    Raises:
        UnsupportedError: It is not a StyleGAN2, or draws classes.
    """
    import torch

    if model.card.architecture != "stylegan2":
        raise UnsupportedError(
            f"{model.name!r} is a {model.card.architecture}; rosinality's format holds StyleGAN2 only."
        )
    if model.card.latent.get("c_dim"):
        raise UnsupportedError(f"{model.name!r} draws classes, which rosinality's format has no place for.")
    tensors: dict[str, Tensor] = {name: value.cpu() for name, value in model.module.state_dict().items()}
    average = tensors["mapping.w_avg"][None]
    value = {"g_ema": state_dict(tensors), "latent_avg": torch.tensor(math.nan), _AVERAGE: average}
    stream = io.BytesIO()
    torch.save(value, stream)
    storage.write_bytes(path, stream.getvalue())


def state_dict(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rosinality's state dict from ours, without the average of w, which stands beside it in a file."""
    made = {}
    for name, tensor in tensors.items():
        place = their_name(name)
        if place is not None:
            gain = FILTER_GAIN if name.endswith("resample_filter") else 1.0
            made[place] = tensor.reshape(_their_shape(name, tensor)) * gain
    return made


def plain_name(name: str) -> str:
    """The name of a tensor of the sequential form in the ordinary one."""
    name = name.replace(".mconv.dconv.", ".mconv.")
    for pattern, make in _FROM_SEQUENTIAL:
        if found := re.fullmatch(pattern, name):
            return make(found)
    return name


_FROM_SEQUENTIAL: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"layer2\.conv\.mconv\.(.+)", lambda found: f"conv1.conv.{found[1]}"),
    (r"layer2\.conv\.(.+)", lambda found: f"conv1.{found[1]}"),
    (r"layer(\d{1,2})\.sconv\.mconv\.(.+)", lambda found: f"convs.{int(found[1]) - 3}.conv.{found[2]}"),
    (r"layer(\d{1,2})\.sconv\.(.+)", lambda found: f"convs.{int(found[1]) - 3}.{found[2]}"),
    (r"to_rgb1\.rgb\.(.+)", lambda found: f"to_rgb1.{found[1]}"),
    (r"to_rgb(\d{1,2})\.rgb\.(.+)", lambda found: f"to_rgbs.{int(found[1]) - 2}.{found[2]}"),
    (r"up_rgb(\d{1,2})\.(.+)", lambda found: f"to_rgbs.{int(found[1]) - 1}.upsample.{found[2]}"),
)


def their_name(name: str) -> str | None:
    """Rosinality's name of a tensor of ours, or None where it has none."""
    if name == "synthesis.b4.const":
        return "input.input"
    if found := re.fullmatch(r"mapping\.fc(\d{1,2})\.(weight|bias)", name):
        return f"style.{int(found[1]) + 1}.{found[2]}"
    if not (found := re.fullmatch(r"synthesis\.b(\d{1,4})\.(.+)", name)):
        return None
    level = int(found[1]).bit_length() - 3
    part, _, rest = found[2].partition(".")
    if part == "resample_filter":
        return f"to_rgbs.{level - 1}.upsample.kernel" if level else None
    if part == "torgb" and rest in _TO_RGB:
        return f"{f'to_rgbs.{level - 1}' if level else 'to_rgb1'}.{_TO_RGB[rest]}"
    number = 2 * level - (part == "conv0")
    if part not in ("conv0", "conv1") or number < 0:
        return None
    if rest == "noise_const":
        return f"noises.noise_{number}"
    if rest not in _LAYER or (rest == "resample_filter" and part == "conv1"):
        return None
    return f"{f'convs.{number - 1}' if level else 'conv1'}.{_LAYER[rest]}"


def our_name(name: str) -> str | None:
    """Our name of a tensor of rosinality's, or None where we have none."""
    return _OURS.get(name)


def _all_names() -> dict[str, str]:
    """Every name that a network of 1024 pixels or less has, theirs to ours."""
    ours = [f"mapping.fc{index}.{kind}" for index in range(64) for kind in ("weight", "bias")]
    for level in range(10):
        block = f"synthesis.b{4 << level}"
        layers = ("conv0", "conv1") if level else ("conv1",)
        ours += [f"{block}.const"] if not level else [f"{block}.resample_filter"]
        ours += [f"{block}.{layer}.{kind}" for layer in layers for kind in (*_LAYER, "noise_const")]
        ours += [f"{block}.torgb.{kind}" for kind in _TO_RGB]
    return {place: name for name in ours if (place := their_name(name)) is not None}


_OURS = _all_names()


def _their_shape(name: str, tensor: Tensor) -> tuple[int, ...]:
    kind = name.rpartition(".")[2]
    shape = tuple(tensor.shape)
    if kind == "noise_strength":
        return (1,)
    if kind == "noise_const":
        return (1, 1, *shape)
    if name.endswith("torgb.bias"):
        return (1, len(tensor), 1, 1)
    return (1, *shape) if kind == "const" or (kind == "weight" and len(shape) == 4) else shape


def _reshaped(name: str, tensor: Tensor) -> Tensor:
    """A view of a tensor of theirs in our shape; as it is where it cannot be one."""
    kind = name.rpartition(".")[2]
    if kind == "noise_strength" and tensor.shape == (1,):
        return tensor[0]
    if name.endswith("torgb.bias") and tensor.ndim == 4 and tensor.shape[1] == tensor.numel():
        return tensor[0, :, 0, 0]
    axes = {"const": 3, "noise_const": 2, "weight": 4}.get(kind)
    while axes and tensor.ndim > axes and tensor.shape[0] == 1:
        tensor = tensor[0]
    return tensor


FORMAT = Format(
    "checkpoints of rosinality's stylegan2-pytorch and of the rewriting code",
    recognises,
    read,
    suffixes=(".pt",),
    architectures=("stylegan2",),
    write=write,
)
