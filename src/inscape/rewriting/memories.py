"""The layers that can be rewritten: of a StyleGAN2, of a StyleGAN3, and any that holds a linear map."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from inscape.activations import as_maps, record
from inscape.errors import LayerError, UnsupportedError
from inscape.models import Layer, Model
from inscape.models.architectures._equalized import rectify_
from inscape.models.architectures._fir import upsampling_convolution
from inscape.models.architectures.stylegan2_blocks import SynthesisLayer
from inscape.models.architectures.stylegan3 import EPSILON, StyleGAN3Layer, StyleGAN3Synthesis
from inscape.rewriting.memory import Answer, Demodulation, Inputs, LayerMemory, Reading
from inscape.types import AutogradContext

_EPSILON = 1e-8


def _is_transposed_linear(module: nn.Module) -> bool:
    """Whether it is the `Conv1D` of transformers: a linear map whose weights are `[inputs, outputs]`."""
    weight = getattr(module, "weight", None)
    return type(module).__name__ == "Conv1D" and isinstance(weight, torch.Tensor) and weight.ndim == 2


def _is_plain(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) or _is_transposed_linear(module)


class ModulatedMemory(LayerMemory):
    """A layer of a StyleGAN2: its keys are modulated by the style, its sums demodulated."""

    module: SynthesisLayer

    def keys(self, inputs: Inputs) -> Tensor:
        """The features below, times the style."""
        x, w, *_ = inputs
        keys: Tensor = x.float() * self.module.affine(w)[:, :, None, None]
        return keys

    def linear(self, keys: Tensor, weight: Tensor) -> Tensor:
        """The convolution, with the blur where it doubles the size."""
        if self.module.upsampling:
            return upsampling_convolution(keys, weight, self.module.resample_filter)
        return functional.conv2d(keys, weight, padding=1)

    def values(self, inputs: Inputs, linear: Tensor, weight: Tensor) -> Tensor:
        """Demodulation, noise, bias, leaky rectifier."""
        _, w, noise = inputs
        styles = self.module.affine(w)
        scale = (styles.square() @ weight.square().sum((2, 3)).t() + _EPSILON).rsqrt() * self.module.gain
        sums = linear * scale[:, :, None, None] + self._offset(noise)
        return rectify_(sums, self.module.clamp, self.module.leak)

    def _offset(self, noise: Tensor | None) -> Tensor:
        gain = self.module.gain
        offset = self.module.bias[None, :, None, None] * gain
        return offset if noise is None else offset + noise * (self.module.noise_strength * gain)

    def answer(self, reading: Reading, directions: Tensor, places: Tensor) -> Answer:
        """As `LayerMemory.answer`; demodulation too is computed from the coefficients alone."""
        *_, noise = reading.inputs
        weight = self.weight
        demodulation = self.demodulation(reading, directions)
        before = self.linear(reading.keys, weight)[0].flatten(1)[:, places]
        shares = self.shares(reading, directions)[0].flatten(1)[:, places]
        offset = self._offset(noise).expand(1, len(weight), *reading.values.shape[2:])
        offset = offset[0].flatten(1)[:, places]
        clamp, activation = self.module.clamp, (self.module.leak, self.module.gain)

        def answer(coefficients: Tensor) -> Tensor:
            flat = coefficients.flatten(1)
            values: Tensor = _Demodulated.apply(flat, before, shares, offset, (demodulation, *activation))
            return values if clamp is None else values.clamp(-clamp, clamp)

        return answer

    def demodulation(self, reading: Reading, directions: Tensor) -> Demodulation:
        """With the styles of the pictures."""
        power = self.module.affine(reading.inputs[1]).square().mean(0)
        return Demodulation.of(self.weight, power, directions, _EPSILON)


class AliasFreeMemory(LayerMemory):
    """A layer of a StyleGAN3: modulated and demodulated, with a margin around the picture in its keys."""

    module: StyleGAN3Layer

    def __init__(self, model: Model, layer: Layer) -> None:
        super().__init__(model, layer, f"{layer.holder}.weight")
        synthesis, self._name = layer.holder.rsplit(".", 1)
        self._synthesis = cast("StyleGAN3Synthesis", model.module.get_submodule(synthesis))
        self.margin = self._synthesis.margin_below(self._name)

    def of_sums(self, places: Tensor, reading: Reading) -> Tensor:
        """With nothing marked beyond the picture."""
        beyond = self.margin + self.module.geometry.kernel // 2
        return functional.pad(places, (beyond,) * 4)

    def keys(self, inputs: Inputs) -> Tensor:
        """The features below, times the style."""
        x, w = inputs
        return self.module.modulated(x.float(), self.module.styles(w))

    def linear(self, keys: Tensor, weight: Tensor) -> Tensor:
        """The convolution, two pixels larger than the picture and its margin for a kernel of three."""
        return functional.conv2d(keys, weight, padding=self.module.geometry.kernel - 1)

    def values(self, inputs: Inputs, linear: Tensor, weight: Tensor) -> Tensor:
        """Demodulation, bias, and the rectifier between its filters; its weights are normalized first."""
        _, w = inputs
        energy = self.module.styles(w).square() @ weight.square().sum((2, 3)).t()
        scale = (energy + EPSILON * weight.square().mean((1, 2, 3))).rsqrt()
        sums = linear * scale[:, :, None, None] + self.module.bias[None, :, None, None]
        return self._synthesis.middle(self._name, self.module.rectified(sums))

    def demodulation(self, reading: Reading, directions: Tensor) -> Demodulation:
        """With the styles of the pictures."""
        power = self.module.styles(reading.inputs[1]).square().mean(0)
        weight = self.weight
        return Demodulation.of(weight, power, directions, EPSILON * weight.square().mean((1, 2, 3)))


class _Demodulated(torch.autograd.Function):
    """Values of a modulated layer from flat coefficients Λ `[O, R·T]`, with its gradient in closed form.

    With e of `Demodulation`, v = lrelu(offset + (before + Λ A) · g / √e), of which the activation (slope, g).
    """

    @staticmethod
    def forward(
        ctx: AutogradContext,
        flat: Tensor,
        before: Tensor,
        shares: Tensor,
        offset: Tensor,
        behind: tuple[Demodulation, float, float],
    ) -> Tensor:
        """The values, `[O, P]`; behind the sums come demodulation, and the activation's slope and gain."""
        by, ctx.leak, gain = behind
        total = by.changed(flat).clamp_min(_EPSILON)
        scale = total.rsqrt() * gain
        linear = torch.addmm(before, flat, shares)
        values = functional.leaky_relu_(torch.addcmul(offset, linear, scale[:, None]), ctx.leak)
        ctx.save_for_backward(values, linear, scale, total, by.cross + 2 * (flat @ by.within), shares)
        return values

    @staticmethod
    def backward(ctx: AutogradContext, towards: Tensor) -> tuple[Tensor | None, ...]:
        """With respect to the coefficients only."""
        values, linear, scale, total, slope, shares = ctx.saved_tensors
        inner = torch.where(values > 0, towards, ctx.leak * towards)
        of_energy = (inner * linear).sum(1) * scale / (-2 * total)
        gradient = torch.addmm(slope * of_energy[:, None], inner * scale[:, None], shares.t())
        return gradient, None, None, None, None


class PlainMemory(LayerMemory):
    """A layer whose module is, or holds, a convolution or linear map.

    Whatever else the module does (pixel norm or other maps before; batch norm, rectifier, pooling or the sum
    of a residual block behind) runs as it is.
    """

    def __init__(self, model: Model, layer: Layer, parameter: str, linear: nn.Module) -> None:
        super().__init__(model, layer, parameter)
        self._map: Any = linear
        self.swapped = isinstance(linear, nn.ConvTranspose2d) or _is_transposed_linear(linear)

    def keys(self, inputs: Inputs) -> Tensor:
        """What goes into the convolution or linear map."""
        with record(self.module, "" if self._map is self.module else self._name(), inputs=True) as seen:
            self.module(*inputs)
        (found,) = seen.inputs.values()
        return as_maps(found[0]).float()

    def _name(self) -> str:
        names = (name for name, module in self.module.named_modules() if module is self._map)
        return str(next(names))

    def linear(self, keys: Tensor, weight: Tensor) -> Tensor:
        """The convolution or linear map, without its bias."""
        place = self._map
        if not isinstance(place, nn.Conv2d | nn.ConvTranspose2d):
            return functional.conv2d(keys, weight)
        if isinstance(place, nn.ConvTranspose2d):
            return functional.conv_transpose2d(
                keys,
                weight.transpose(0, 1),
                stride=place.stride,
                padding=cast("tuple[int, ...]", place.padding),
                output_padding=place.output_padding,
                dilation=place.dilation,
            )
        return functional.conv2d(
            keys, weight, stride=place.stride, padding=place.padding, dilation=place.dilation
        )

    def values(self, inputs: Inputs, linear: Tensor, weight: Tensor) -> Tensor:
        """The layer's output when its map gives these sums."""
        bias = 0 if self._map.bias is None else self._map.bias[None, :, None, None]
        total = linear + bias

        def instead(_: nn.Module, __: object, output: Tensor) -> Tensor:
            if output.ndim == 4:
                return total.to(output.dtype)
            return total.flatten(2).movedim(1, -1).reshape(output.shape).to(output.dtype)

        if self._map is self.module:
            return total
        handle = self._map.register_forward_hook(instead)
        try:
            return as_maps(self.module(*inputs))
        finally:
            handle.remove()


def memory_of(model: Model, layer: str | None = None) -> LayerMemory:
    """A layer of a model as a memory.

    Args:
        model: The model.
        layer: The layer's name; the default layer unless given.

    Raises:
        LayerError: There is no such layer, or it has no weights.
        UnsupportedError: It holds no map, or one that cannot be rewritten.
    """
    place = model.layer(layer)
    module = model.module_of(place)
    if place.input or place.call is not None:
        raise UnsupportedError(
            f"Layer {place.name!r} of {model.name!r} is {'the input' if place.input else 'one call'} of "
            f"{place.module!r}, and a rule changes the weights of a whole module."
        )
    if isinstance(module, SynthesisLayer):
        return ModulatedMemory(model, place, f"{place.module}.weight")
    if isinstance(model.module.get_submodule(place.holder), StyleGAN3Layer):
        return AliasFreeMemory(model, place)
    found = [(name, each) for name, each in module.named_modules() if _is_plain(each)]
    if not found and next(module.parameters(), None) is None:
        with_weights = [each.name for each in model.layers.values() if _rewritable(model, each)]
        raise LayerError(
            f"Layer {place.name!r} of {model.name!r} has no weights to rewrite.",
            f"Layers with weights: {', '.join(with_weights[:12])}." if with_weights else "",
        )
    if not found:
        raise UnsupportedError(
            f"Layer {place.name!r} of {model.name!r} is a {type(module).__name__} without a convolution or "
            "linear map; a rule needs one."
        )
    name, linear = found[0] if len(found) == 1 else _last(model, module, found)
    if getattr(linear, "groups", 1) != 1 or getattr(linear, "padding_mode", "zeros") != "zeros":
        raise UnsupportedError(
            f"Layer {place.name!r} has groups, or other padding than zeros; a rule needs a plain convolution."
        )
    return PlainMemory(
        model, place, ".".join(part for part in (place.module, name, "weight") if part), linear
    )


def _last(model: Model, module: nn.Module, found: Sequence[tuple[str, nn.Module]]) -> tuple[str, nn.Module]:
    """The convolution or linear map that runs last in a block: nothing but sums and rectifiers follow it.

    Editing a Classifier (Santurkar et al., NeurIPS 2021) takes the same of a residual block.

    Raises:
        UnsupportedError: The size of the model's pictures is not known, so that it cannot be tried, or the
            network calls none of them.
    """
    size = model.card.image_size
    if model.card.kind == "language" or size is None:
        raise UnsupportedError(
            f"{model.name!r} has a {type(module).__name__} with {len(found)} convolutions or linear maps "
            "there; a rule needs exactly one.",
            "Name a layer inside it.",
        )
    order: list[str] = []
    handles = [each.register_forward_hook(partial(_note, order, name)) for name, each in found]
    try:
        with torch.no_grad():
            model.module(torch.zeros(1, 3, size, size, device=model.device))
    finally:
        for handle in handles:
            handle.remove()
    if not order:
        raise UnsupportedError(
            f"No convolution or linear map of that {type(module).__name__} of {model.name!r} runs as a "
            "module of its own, so none can be rewritten."
        )
    return order[-1], dict(found)[order[-1]]


def _note(order: list[str], name: str, *_: object) -> None:
    order.append(name)


def _rewritable(model: Model, layer: Layer) -> bool:
    module = model.module.get_submodule(layer.holder)
    return isinstance(module, SynthesisLayer | StyleGAN3Layer) or any(
        _is_plain(each) for each in module.modules()
    )
