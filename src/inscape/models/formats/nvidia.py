"""Generators of NVIDIA's StyleGAN2-ADA and StyleGAN3: the records of their pickles, and bare tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from inscape.errors import FormatError, UnsupportedError, ValueRangeError
from inscape.models.formats._sizes import mapping_sizes, shape_of, stylegan2_config
from inscape.models.formats.format import Checkpoint, Format
from inscape.models.formats.found import Found
from inscape.storage import Array, Module, Record

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models.architectures.stylegan3 import LayerGeometry


def recognises(value: object) -> bool:
    """Whether this is the record of such a generator, or its state dict."""
    if isinstance(value, Record):
        inside = value.state.get("_modules") if isinstance(value.state, Mapping) else None
        return isinstance(inside, Mapping) and {"mapping", "synthesis"} <= inside.keys()
    if not isinstance(value, Mapping) or "mapping.fc0.weight" not in value:
        return False
    return "synthesis.b4.const" in value or "synthesis.input.weight" in value


def read(value: Record | Checkpoint) -> Found:
    """Find the generator in it.

    Raises:
        FormatError: Something is missing or does not fit.
        UnsupportedError: It is not a StyleGAN2 with skip outputs, nor a StyleGAN3.
    """
    import torch

    if not isinstance(value, Record):
        return _bare(value)
    record, modules = value, value.modules()
    if "synthesis.input" in modules:
        return _stylegan3(record, modules)
    blocks = [
        module for name, module in modules.items() if name.startswith("synthesis.b") and "." not in name[11:]
    ]
    kinds = {block.state.get("architecture", "skip") for block in blocks}
    if kinds - {"skip"}:
        raise UnsupportedError(
            f"its generator has the architecture {sorted(map(str, kinds))}; Inscape has 'skip'."
        )
    tensors = record.tensors()
    layers = {name: modules[name] for name in modules if re.fullmatch(r"synthesis\.b\d+\.conv[01]", name)}
    mapping = [modules[name] for name in modules if re.fullmatch(r"mapping\.fc\d+", name)]
    clamp = layers["synthesis.b4.conv1"].state.get("conv_clamp") if "synthesis.b4.conv1" in layers else None
    config = stylegan2_config(
        tensors,
        conv_clamp=None if clamp is None else _number(clamp, "conv_clamp"),
        lr_multiplier=_multiplier(modules),
        activation=_activation(layers.values(), "synthesis"),
        mapping_activation=_activation(mapping, "mapping"),
    )
    silent = _silent(layers, config["channels"])
    made = silent | {"mapping.w_avg": torch.zeros(config["w_dim"])} | tensors
    source, missing = "A pickle of NVIDIA's StyleGAN2-ADA code.", "mapping.w_avg" not in tensors
    absent = frozenset(made.keys() - tensors.keys())
    return Found("stylegan2", config, made, source, average_missing=missing, absent=absent)


def _activation(layers: Iterable[Module], place: str) -> str:
    """The activation that layers have."""
    from inscape.models.architectures._equalized import ACTIVATIONS

    named = {str(layer.state.get("activation", "lrelu")) for layer in layers}
    if len(named) > 1 or not named <= ACTIVATIONS.keys():
        raise UnsupportedError(
            f"its {place} network has activation={', '.join(sorted(named))}; "
            f"Inscape has {', '.join(ACTIVATIONS)}."
        )
    return "".join(named) or "lrelu"


def _silent(layers: Mapping[str, Module], sizes: Iterable[str]) -> dict[str, Tensor]:
    """Noise of strength 0 for layers that were made without noise."""
    import torch

    silent: dict[str, Tensor] = {}
    for name, size in ((name, size) for size in sizes for name in layers if f".b{size}." in name):
        if layers[name].state.get("use_noise") is False:
            silent[f"{name}.noise_const"] = torch.zeros(int(size), int(size))
            silent[f"{name}.noise_strength"] = torch.zeros([])
    return silent


def _bare(value: Checkpoint) -> Found:
    """Find the generator in its state dict; what shapes do not say is the default of the authors' code.

    Raises:
        FormatError: Something is missing or is no tensor.
        UnsupportedError: It is a StyleGAN3, of which the tensors do not say the sizes of its filters.
    """
    import torch

    if "synthesis.input.weight" in value:
        raise UnsupportedError(
            "it holds the tensors of a StyleGAN3 alone, which do not say how its layers are filtered.",
            "Save the whole generator: pickle.dump({'G_ema': generator}, stream), with NVIDIA's code.",
        )
    for name, tensor in value.items():
        if not isinstance(tensor, torch.Tensor):
            raise FormatError(f"it has {name!r}, which is no tensor.")
    tensors = dict(value)
    config = stylegan2_config(tensors)
    absent = frozenset({"mapping.w_avg"} - tensors.keys())
    tensors.setdefault("mapping.w_avg", torch.zeros(config["w_dim"]))
    return Found(
        "stylegan2",
        config,
        tensors,
        "A state dict of NVIDIA's StyleGAN2-ADA code.",
        average_missing=bool(absent),
        absent=absent,
        note="The file holds tensors alone, so the defaults of the authors' code hold: a leaky rectifier "
        "('lrelu'), no clamping, and a learning-rate multiplier of 0.01 in the mapping network.",
    )


def _stylegan3(record: Record, modules: Mapping[str, Module]) -> Found:
    from inscape.models.architectures.stylegan3 import StyleGAN3Config

    tensors = record.tensors()
    synthesis, source = modules["synthesis"].state, modules["synthesis.input"].state
    names = synthesis.get("layer_names")
    if not isinstance(names, list) or any(f"synthesis.{name}" not in modules for name in names):
        raise FormatError("it lists layers that it does not have.")
    layers = [_geometry(str(name), modules[f"synthesis.{name}"].state, tensors) for name in names]
    try:
        config = StyleGAN3Config(
            resolution=_whole(synthesis.get("img_resolution"), "img_resolution"),
            lr_multiplier=_multiplier(modules),
            input_units=shape_of(tensors, "synthesis.input.weight", 2)[0],
            input_size=_square(source.get("size"), "size"),
            sampling_rate=_number(source.get("sampling_rate"), "sampling_rate"),
            bandwidth=_number(source.get("bandwidth"), "bandwidth"),
            margin=_whole(synthesis.get("margin_size"), "margin_size"),
            output_scale=_number(synthesis.get("output_scale"), "output_scale"),
            layers=tuple(layers),
            **mapping_sizes(tensors),
        )
    except ValueRangeError as error:
        raise FormatError(f"it is damaged: {error.detail}") from error
    return Found("stylegan3", config.to_json(), tensors, "A pickle of NVIDIA's StyleGAN3 code.")


def _geometry(name: str, state: Checkpoint, tensors: Checkpoint) -> LayerGeometry:
    from inscape.models.architectures.stylegan3 import LayerGeometry

    units, inputs, kernel, _ = shape_of(tensors, f"synthesis.{name}.weight", 4)
    rgb = state.get("is_torgb") is True
    clamp, padding = state.get("conv_clamp"), state.get("padding")
    if not isinstance(padding, list) or len(padding) != 4 or padding[:2] != padding[2:]:
        raise FormatError(f"it has layer {name!r} with padding that is not the same in height and width.")
    if any(type(number) is not int or abs(number) > 1 << 16 for number in padding):
        raise FormatError(f"it has layer {name!r} with the padding {padding!r}.")
    try:
        return LayerGeometry(
            name=name,
            inputs=inputs,
            units=units,
            in_size=_square(state.get("in_size"), "in_size"),
            size=_square(state.get("out_size"), "out_size"),
            kernel=kernel,
            up=_whole(state.get("up_factor"), "up_factor"),
            down=_whole(state.get("down_factor"), "down_factor"),
            up_taps=_whole(state.get("up_taps"), "up_taps"),
            down_taps=_whole(state.get("down_taps"), "down_taps"),
            radial=state.get("down_radial") is True and state.get("down_taps") != 1,
            padding=(padding[0], padding[1]),
            clamp=None if clamp is None else _number(clamp, "conv_clamp"),
            rectified=not rgb,
        )
    except ValueRangeError as error:
        raise FormatError(f"it is damaged: {error.detail}") from error


def _multiplier(modules: Mapping[str, Module]) -> float:
    """Learning-rate multiplier of the mapping network, which its layers keep as the gain of their biases."""
    first = modules.get("mapping.fc0")
    gain = None if first is None else first.state.get("bias_gain")
    return 0.01 if gain is None else _number(gain, "bias_gain")


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise FormatError(f"it has {value!r} as {name!r} of its generator, not a positive number.")
    return float(value)


def _whole(value: object, name: str) -> int:
    if type(value) is not int or not 0 <= value <= 1 << 16:
        raise FormatError(f"it has {value!r} as {name!r} of its generator, not a whole number.")
    return value


def _square(value: object, name: str) -> int:
    sizes = value.value.tolist() if isinstance(value, Array) and value.value is not None else value
    if not isinstance(sizes, list) or len(sizes) != 2 or sizes[0] != sizes[1]:
        raise FormatError(f"it has {sizes!r} as {name!r} of its generator, not a height and width alike.")
    return _whole(sizes[0], name)


FORMAT = Format(
    "StyleGAN2-ADA and StyleGAN3 of NVIDIA's code", recognises, read, suffixes=(".pkl", ".pickle")
)
