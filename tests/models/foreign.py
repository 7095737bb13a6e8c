"""Checkpoints as other people's code writes them, made from our networks."""

from __future__ import annotations

import contextlib
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import torch

from inscape.models.architectures.stylegan2 import StyleGAN2, StyleGAN2Config


def small_stylegan2(**changes) -> StyleGAN2:
    """Random weights, an average of w and noise that are not zero."""
    torch.manual_seed(3)
    sizes = {"resolution": 16, "z_dim": 12, "w_dim": 12, "mapping_layers": 2, "channels": {4: 8, 8: 6, 16: 4}}
    network = StyleGAN2(StyleGAN2Config(**{**sizes, **changes})).eval().requires_grad_(False)
    network.mapping.w_avg.normal_()
    for name, value in network.named_parameters():
        if name.endswith("noise_strength"):
            value.fill_(0.1)
    return network


class _Persistent:
    """Pickled as NVIDIA's persistence writes an object."""

    def __init__(self, meta: dict) -> None:
        self.meta = meta

    def __reduce__(self):
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (self.meta,)


@contextlib.contextmanager
def _names() -> Iterator[None]:
    """The modules that such pickles name, while one is written."""
    persistence, util = types.ModuleType("torch_utils.persistence"), types.ModuleType("dnnlib.util")

    def _reconstruct_persistent_obj(meta):
        raise AssertionError("called")

    _reconstruct_persistent_obj.__module__ = persistence.__name__
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    persistence._reconstruct_persistent_obj = _reconstruct_persistent_obj
    made = {"torch_utils": types.ModuleType("torch_utils"), "torch_utils.persistence": persistence}
    made |= {"dnnlib": types.ModuleType("dnnlib"), "dnnlib.util": util}
    before = {name: sys.modules.get(name) for name in made}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def record(module: torch.nn.Module, **attributes) -> _Persistent:
    """A module, and all in it, as such records."""
    state = {
        "training": False,
        "_parameters": OrderedDict(module._parameters),
        "_buffers": OrderedDict(module._buffers),
        "_modules": OrderedDict((name, record(child)) for name, child in module._modules.items()),
        **attributes,
    }
    clamp = getattr(module, "clamp", None)
    state |= {} if clamp is None else {"conv_clamp": clamp}
    names = {"type": "class", "version": 6, "module_src": "raise SystemExit", "class_name": "Generator"}
    return _Persistent({**names, "state": state})


def nvidia(network: StyleGAN2, path: Path, **more) -> Path:
    """A pickle with the network as `G_ema`."""
    with _names():
        path.write_bytes(pickle.dumps({"training_set_kwargs": None, "G_ema": record(network), **more}, 4))
    return path


def rosinality(network: StyleGAN2) -> dict[str, torch.Tensor]:
    """The state dict of the same generator under rosinality's names."""
    tensors = network.state_dict()
    depth = network.config.mapping_layers
    made = {
        f"style.{i + 1}.{kind}": tensors[f"mapping.fc{i}.{kind}"]
        for i in range(depth)
        for kind in ("weight", "bias")
    }
    made["input.input"] = tensors["synthesis.b4.const"][None]
    for number, size in enumerate(network.config.sizes):
        block = f"synthesis.b{size}"
        for name in ("conv0", "conv1"):
            if f"{block}.{name}.weight" not in tensors:
                continue
            own = "conv1" if size == 4 else f"convs.{2 * (number - 1) + (name == 'conv1')}"
            layer = f"{block}.{name}"
            made[f"{own}.conv.weight"] = tensors[f"{layer}.weight"][None]
            made[f"{own}.conv.modulation.weight"] = tensors[f"{layer}.affine.weight"]
            made[f"{own}.conv.modulation.bias"] = tensors[f"{layer}.affine.bias"]
            made[f"{own}.noise.weight"] = tensors[f"{layer}.noise_strength"][None]
            made[f"{own}.activate.bias"] = tensors[f"{layer}.bias"]
            place = 0 if size == 4 else 2 * number - (name == "conv0")
            made[f"noises.noise_{place}"] = tensors[f"{layer}.noise_const"][None, None]
            if name == "conv0":
                made[f"{own}.conv.blur.kernel"] = tensors[f"{layer}.resample_filter"] * 4
        own = "to_rgb1" if size == 4 else f"to_rgbs.{number - 1}"
        made[f"{own}.conv.weight"] = tensors[f"{block}.torgb.weight"][None]
        made[f"{own}.conv.modulation.weight"] = tensors[f"{block}.torgb.affine.weight"]
        made[f"{own}.conv.modulation.bias"] = tensors[f"{block}.torgb.affine.bias"]
        made[f"{own}.bias"] = tensors[f"{block}.torgb.bias"][None, :, None, None]
        if size > 4:
            made[f"{own}.upsample.kernel"] = tensors[f"{block}.resample_filter"] * 4
    return made
