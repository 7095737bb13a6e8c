"""Checkpoints of rosinality's stylegan2-pytorch: a training run's, or the state dict of a generator alone.

Names and shapes map onto NVIDIA's one to one; nothing is flipped, transposed or scaled, but for the
resampling filters, which carry the gain of 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inscape.errors import FormatError
from inscape.models.architectures._fir import binomial_filter
from inscape.models.formats._stylegan2 import stylegan2
from inscape.models.formats.found import Found

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "A checkpoint of rosinality's stylegan2-pytorch."
_LAYER = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
}
_TO_RGB = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "bias": "bias",
}
_AVERAGED = 4096


def recognises(value: Any) -> bool:
    """Whether this is such a checkpoint."""
    weights = _weights(value)
    return weights is not None and {"style.1.weight", "input.input"} <= weights.keys()


def read(value: Mapping[str, Any]) -> Found:
    """Take the generator out; the average of w is computed where the file has none.

    Raises:
        FormatError: Tensors are missing or do not fit.
    """
    weights = _weights(value)
    assert weights is not None
    tensors = {}
    for name, tensor in weights.items():
        renamed = _renamed(name)
        if renamed is None or not isinstance(tensor, torch.Tensor):
            raise FormatError(f"{name!r} does not belong to a generator of this kind.")
        tensors[renamed] = _reshaped(renamed, tensor)
    average = value.get("latent_avg")
    sample = tensors.get("mapping.fc0.weight")
    if sample is None or sample.ndim != 2:
        raise FormatError("it has no mapping network.")
    known = isinstance(average, torch.Tensor)
    tensors["mapping.w_avg"] = average if isinstance(average, torch.Tensor) else torch.zeros(sample.shape[0])
    for name in list(tensors):
        if re.fullmatch(r"synthesis\.b\d+\.conv[01]\.weight", name):
            tensors.setdefault(name.replace("weight", "resample_filter"), binomial_filter())
    tensors.setdefault("synthesis.b4.resample_filter", binomial_filter())
    network = stylegan2(tensors)
    if not known:
        z = np.random.RandomState(0).standard_normal((_AVERAGED, network.config.z_dim))
        with torch.inference_mode():
            network.mapping.w_avg.copy_(network.mapping.single(torch.from_numpy(z).float()).mean(dim=0))
    return Found(network, _SOURCE)


def _weights(value: Any) -> Mapping[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    inner = value.get("g_ema", value)
    return inner if isinstance(inner, Mapping) and all(isinstance(name, str) for name in inner) else None


def _renamed(name: str) -> str | None:
    """NVIDIA's name of a tensor, or None where it has none."""
    if name == "input.input":
        return "synthesis.b4.const"
    if found := re.fullmatch(r"style\.(\d{1,2})\.(weight|bias)", name):
        return f"mapping.fc{int(found[1]) - 1}.{found[2]}"
    if found := re.fullmatch(r"noises\.noise_(\d{1,2})", name):
        return f"synthesis.{_place(int(found[1]))}.noise_const"
    if found := re.fullmatch(r"(?:conv1|convs\.(\d{1,2}))\.(.+)", name):
        place = _place(0 if found[1] is None else int(found[1]) + 1)
        if found[2] == "conv.blur.kernel":
            return f"synthesis.{place}.resample_filter"
        return f"synthesis.{place}.{_LAYER[found[2]]}" if found[2] in _LAYER else None
    if found := re.fullmatch(r"(?:to_rgb1|to_rgbs\.(\d{1,2}))\.(.+)", name):
        size = 4 if found[1] is None else 8 << int(found[1])
        if found[2] == "upsample.kernel":
            return f"synthesis.b{size}.resample_filter"
        return f"synthesis.b{size}.torgb.{_TO_RGB[found[2]]}" if found[2] in _TO_RGB else None
    return None


def _place(number: int) -> str:
    """Block and layer of the convolution of that number, from 0."""
    return f"b{4 << (number + 1) // 2}.{'conv0' if number % 2 else 'conv1'}"


def _reshaped(name: str, tensor: Tensor) -> Tensor:
    if name.endswith("resample_filter"):
        return tensor / 4
    kind = name.rpartition(".")[2]
    if name.endswith("noise_strength") and tensor.shape == (1,):
        return tensor[0]
    axes = {"const": 3, "noise_const": 2, "weight": 4}.get(kind)
    if axes and tensor.ndim > axes and set(tensor.shape[: tensor.ndim - axes]) == {1}:
        return tensor.reshape(tensor.shape[tensor.ndim - axes :])
    if name.endswith("torgb.bias") and tensor.ndim == 4:
        return tensor.flatten()
    return tensor
