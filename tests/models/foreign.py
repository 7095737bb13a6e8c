"""Checkpoints as other people's code writes them, made from our networks."""

from __future__ import annotations

import contextlib
import pickle
import re
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_config import StyleGAN2Config
from inscape.models.architectures.stylegan3 import (
    FourierInput,
    LayerGeometry,
    StyleGAN3,
    StyleGAN3Config,
    StyleGAN3Layer,
    StyleGAN3Synthesis,
)


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


def small_stylegan3(*, radial: bool = False, c_dim: int = 0) -> StyleGAN3:
    """Random weights; pictures of 8 pixels, a layer with a margin of 4 and one without."""
    torch.manual_seed(4)
    shared = {"clamp": 256.0, "rectified": True, "down": 2, "down_taps": 12}
    layers = (
        LayerGeometry(
            "L0_16_6", 5, 6, 16, 16, 1 if radial else 3, 2, up_taps=12, radial=radial,
            padding=(11, 10) if radial else (9, 8), **shared,
        ),
        LayerGeometry("L1_8_4", 6, 4, 16, 8, 3, 2, up_taps=12, radial=False, padding=(1, 0), **shared),
        LayerGeometry("L2_8_3", 4, 3, 8, 8, 1, 1, 1, 1, 1, False, (0, 0), 256.0, False),
    )  # fmt: skip
    config = StyleGAN3Config(
        resolution=8, z_dim=12, w_dim=12, mapping_layers=2, c_dim=c_dim, lr_multiplier=0.01, input_units=5,
        input_size=16, sampling_rate=8.0, bandwidth=2.0, margin=4, output_scale=0.25, layers=layers,
    )  # fmt: skip
    return StyleGAN3(config).eval().requires_grad_(False)


class Persistent:
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


def record(module: torch.nn.Module, **attributes) -> Persistent:
    """A module, and all in it, as such records."""
    state = {
        "training": False,
        "_parameters": OrderedDict(module._parameters),
        "_buffers": OrderedDict(module._buffers),
        "_modules": OrderedDict(
            (name, record(child)) for name, child in module._modules.items() if name != "inside"
        ),
        **attributes,
    }
    clamp = getattr(module, "clamp", None)
    state |= {} if clamp is None else {"conv_clamp": clamp}
    state |= _attributes_of_stylegan3(module)
    names = {"type": "class", "version": 6, "module_src": "raise SystemExit", "class_name": "Generator"}
    return Persistent({**names, "state": state})


def _attributes_of_stylegan3(module: torch.nn.Module) -> dict:
    """What NVIDIA's classes keep beside their tensors."""
    if isinstance(module, StyleGAN3Synthesis):
        names = [*module.layer_paths, module._output]
        resolution, margin = getattr(module, names[-2]).resolution, max(module._margins)
        sizes = {"img_resolution": resolution, "margin_size": margin, "output_scale": module.output_scale}
        return {"layer_names": names, **sizes}
    if isinstance(module, FourierInput):
        size = np.array([module.size, module.size])
        return {"size": size, "sampling_rate": module.sampling_rate, "bandwidth": module.bandwidth}
    if isinstance(module, StyleGAN3Layer):
        each = module.geometry
        taps = {"up_taps": each.up_taps, "down_taps": each.down_taps, "down_radial": each.radial}
        return {
            "is_torgb": not each.rectified,
            "conv_clamp": each.clamp,
            "padding": [*each.padding, *each.padding],
            "in_size": np.array([each.in_size] * 2),
            "out_size": np.array([each.size] * 2),
            "up_factor": each.up,
            "down_factor": each.down,
            **taps,
        }
    return {}


def nvidia(network: torch.nn.Module | Persistent, path: Path, *, protocol: int = 4, **more) -> Path:
    """A pickle with the network as `G_ema`."""
    made = network if isinstance(network, Persistent) else record(network)
    with _names():
        path.write_bytes(pickle.dumps({"training_set_kwargs": None, "G_ema": made, **more}, protocol))
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


_SEQUENTIAL = (
    (r"^conv1\.conv\.", "layer2.conv.mconv."),
    (r"^conv1\.", "layer2.conv."),
    (r"^convs\.(\d+)\.conv\.", lambda found: f"layer{int(found[1]) + 3}.sconv.mconv."),
    (r"^convs\.(\d+)\.", lambda found: f"layer{int(found[1]) + 3}.sconv."),
    (r"^to_rgb1\.", "to_rgb1.rgb."),
    (r"^to_rgbs\.(\d+)\.upsample\.", lambda found: f"up_rgb{int(found[1]) + 1}."),
    (r"^to_rgbs\.(\d+)\.", lambda found: f"to_rgb{int(found[1]) + 2}.rgb."),
)


def sequential(network: StyleGAN2, *, split: bool) -> dict[str, torch.Tensor]:
    """The same under the names of the rewriting code; `split` is its form with a convolution of its own."""
    made = {}
    for name, tensor in rosinality(network).items():
        for pattern, new in _SEQUENTIAL:
            if re.search(pattern, name):
                name = re.sub(pattern, new, name)
                break
        made[re.sub(r"mconv\.weight$", "mconv.dconv.weight", name) if split else name] = tensor
    return made


def progan_weights(network: torch.nn.Module, *, old: bool) -> dict[str, torch.Tensor]:
    """The state dict of a ProGAN in the dissection code, or in its older form."""
    made = {name.removeprefix("synthesis."): value for name, value in network.state_dict().items()}
    if not old:
        return made
    renamed = {}
    for name, value in made.items():
        name = re.sub(r"^layer(\d+)", lambda found: f"features.{int(found[1]) - 1}", name)
        renamed[re.sub(r"^output_\d+x\d+", "output", name)] = value
    return renamed | {"features.0.wscale.scale": torch.ones(1)}


def dcgan_weights(network: torch.nn.Module, prefix: str = "main.") -> dict[str, torch.Tensor]:
    """The state dict of a DCGAN in the layout of PyTorch's example."""
    made = {}
    for name, value in network.state_dict().items():
        _, layer, *part, kind = name.split(".")
        depth = len(network.config.channels) if layer == "output" else int(layer.removeprefix("layer")) - 1
        made[f"{prefix}{3 * depth + (part == ['norm'])}.{kind}"] = value
    return made
