"""A layer as an associative memory: what comes in at a place is a key, what goes out is a value.

Rewriting a Deep Generative Model (Bau et al., ECCV 2020, section 3) reads the weights of a convolution as the
least-squares memory of all pairs of keys and values that it has learned. Of a StyleGAN2 the keys are what the
convolution gets, the features below times the style, and the values what the layer puts out: behind
demodulation, blur, noise, bias and rectifier. Of a StyleGAN3 they are the same, but keys have a margin around
the picture; values are those of the picture. Of any other layer with one convolution or linear map in it, the
keys are what that gets, and the values again what the layer puts out.

Shapes: B batch, I inputs (key), O outputs (value), P places, R rank, T taps of the kernel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn import functional

from inscape.activations import as_maps, record, stop_after
from inscape.errors import LayerError, UnsupportedError
from inscape.models.architectures._equalized import GAIN, LEAK, rectify_
from inscape.models.architectures._fir import upsampling_convolution
from inscape.models.architectures.stylegan2 import SynthesisLayer
from inscape.models.architectures.stylegan3 import EPSILON, StyleGAN3Layer, StyleGAN3Synthesis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Layer, Model


def _is_transposed_linear(module: nn.Module) -> bool:
    """Whether it is the `Conv1D` of transformers: a linear map whose weights are `[inputs, outputs]`."""
    weight = getattr(module, "weight", None)
    return type(module).__name__ == "Conv1D" and isinstance(weight, torch.Tensor) and weight.ndim == 2


def _is_plain(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) or _is_transposed_linear(module)


@dataclass(frozen=True)
class Reading:
    """What a layer did with some pictures.

    Attributes:
        inputs: What its module was called with.
        keys: `[B, I, height, width]`; vectors count as maps of one place, tokens as one column.
        values: `[B, O, height, width]`.
        margin: Cells of the keys on each side that lie beyond the picture.
    """

    inputs: tuple[Any, ...]
    keys: Float[Tensor, "batch input height width"]
    values: Float[Tensor, "batch output rows columns"]
    margin: int = 0

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.keys)

    @property
    def shown(self) -> Float[Tensor, "batch input height width"]:
        """The keys at the places of the picture."""
        return _inside(self.keys, self.margin)

    def one(self, index: int) -> Reading:
        """The reading of one picture of the batch."""
        inputs = tuple(
            value[index : index + 1] if isinstance(value, torch.Tensor) and len(value) == len(self) else value
            for value in self.inputs
        )
        return replace(
            self, inputs=inputs, keys=self.keys[index : index + 1], values=self.values[index : index + 1]
        )


@dataclass(frozen=True)
class Demodulation:
    """The energy of each output's weights under the styles, by which its sums are divided.

    It is a quadratic form of the coefficients Λ of an edit of that output alone:
    |(W + Λ D) s|² = |W s|² + c·Λ + Λ (S ⊗ 1) Λᵀ, with c = 2 Σ_i W_i s_i² D_i and S = D diag(s²) Dᵀ.

    Attributes:
        energy: |W s|², `[O]`.
        cross: c, `[O, R·T]`.
        within: S ⊗ 1, `[R·T, R·T]`.
    """

    energy: Float[Tensor, "output"]
    cross: Float[Tensor, "output rank_tap"]
    within: Float[Tensor, "rank_tap rank_tap"]

    @classmethod
    def of(
        cls,
        weight: Float[Tensor, "output input height width"],
        power: Float[Tensor, "input"],
        directions: Float[Tensor, "rank input"],
        epsilon: Tensor | float,
    ) -> Demodulation:
        """Of squared styles `power`; `epsilon` is added to the energy."""
        energy = torch.einsum("oihw,i->o", weight.square(), power) + epsilon
        cross = 2 * torch.einsum("oihw,i,ri->orhw", weight, power, directions).flatten(1)
        within = (directions * power) @ directions.t()
        return cls(energy, cross, torch.kron(within, torch.eye(weight[0, 0].numel())))

    def changed(self, flat: Float[Tensor, "output rank_tap"]) -> Float[Tensor, "output"]:
        """The energy with coefficients Λ."""
        return self.energy + ((self.cross + flat @ self.within) * flat).sum(1)


Answer = Callable[["Tensor"], "Tensor"]
"""From coefficients `[O, R, height, width]` to the values at the places of one picture, `[O, P]`."""


class LayerMemory(ABC):
    """One layer of a model, as a memory.

    Use `memory_of` to get the one that fits a layer.

    Args:
        model: The model.
        layer: Its layer.
        parameter: Dotted name of the weights in the network.
    """

    swapped = False
    margin = 0

    def __init__(self, model: Model, layer: Layer, parameter: str) -> None:
        self.model, self.layer, self.parameter = model, layer, parameter
        self.module = model.module.get_submodule(layer.holder)

    @property
    def weight(self) -> Float[Tensor, "output input height width"]:
        """The weights as they are now, outputs first; 1 × 1 taps for a linear layer."""
        weight = self.model.module.get_parameter(self.parameter).detach().float()
        weight = weight.reshape(*weight.shape, *(1,) * (4 - weight.ndim))
        return weight.transpose(0, 1) if self.swapped else weight

    @property
    def width(self) -> int:
        """The size of a key."""
        return self.weight.shape[1]

    def read(self, run: Callable[[], Any]) -> Reading:
        """What the layer does while the model runs.

        Args:
            run: Runs the model; what lies above the layer is not computed.

        Raises:
            LayerError: The model did not use the layer.
        """
        place, around = self.layer.module, self.layer.holder
        with (
            torch.no_grad(),  # recorded before stopping: hooks run in order
            record(self.model.module, [place, around], inputs=True) as seen,
            stop_after(self.model.module, place),
        ):
            run()
        inputs = tuple(_plain(value) for value in seen.inputs[around])
        with torch.no_grad():
            return Reading(inputs, self.keys(inputs), as_maps(_plain(seen.outputs[place])), self.margin)

    def of_sums(
        self, places: Float[Tensor, "batch height width"], reading: Reading
    ) -> Float[Tensor, "batch rows columns"]:
        """Marks on the grid of the keys, at the places of the picture, on that of the linear map's sums."""
        return functional.interpolate(places[:, None], reading.values.shape[2:], mode="nearest")[:, 0]

    def shown(self, keys: Float[Tensor, "batch input height width"]) -> Float[Tensor, "batch input h w"]:
        """The keys at the places of the picture."""
        return _inside(keys, self.margin)

    @abstractmethod
    def keys(self, inputs: Sequence[Any]) -> Float[Tensor, "batch input height width"]:
        """The keys in what the layer's module is called with."""

    @abstractmethod
    def linear(
        self, keys: Float[Tensor, "batch input height width"], weight: Float[Tensor, "output input h w"]
    ) -> Float[Tensor, "batch output rows columns"]:
        """The layer's linear map with any weights: the only thing in it that they take part in."""

    @abstractmethod
    def values(
        self,
        inputs: Sequence[Any],
        linear: Float[Tensor, "batch output rows columns"],
        weight: Float[Tensor, "output input h w"],
    ) -> Float[Tensor, "batch output rows columns"]:
        """The values, from what the linear map gave with these weights."""

    def forward(self, reading: Reading, weight: Tensor) -> Float[Tensor, "batch output rows columns"]:
        """The values of a reading if the layer had other weights; what went in stays."""
        return self.values(reading.inputs, self.linear(reading.keys, weight), weight)

    def answer(self, reading: Reading, directions: Float[Tensor, "rank input"], places: Tensor) -> Answer:
        """The values at some places of one picture as a function of an edit's coefficients.

        Only the share of the keys along the directions is looked at again, so that one evaluation costs
        O × R × T × P multiplications rather than a whole layer.

        Args:
            reading: Of one picture.
            directions: D, orthonormal rows.
            places: Indices into the flattened map of the values.
        """
        before = self.linear(reading.keys, self.weight)
        shares = self.shares(reading, directions)[0].flatten(1)
        shape = before.shape

        def answer(coefficients: Tensor) -> Tensor:
            added = coefficients.flatten(1) @ shares
            linear = before + added.reshape(shape)
            weight = self.weight + changed(coefficients, directions)
            return self.values(reading.inputs, linear, weight)[0].flatten(1)[:, places]

        return answer

    def demodulation(self, reading: Reading, directions: Float[Tensor, "rank input"]) -> Demodulation | None:
        """What divides the layer's sums, under the mean squared styles of some pictures; None if nothing."""
        return None

    def shares(
        self, reading: Reading, directions: Float[Tensor, "rank input"]
    ) -> Float[Tensor, "batch rank_tap rows columns"]:
        """What each tap of each direction sees at each place: A of the reduced problem."""
        rank, (height, width) = len(directions), self.weight.shape[2:]
        projected = torch.einsum("ri,bihw->brhw", directions, reading.keys)
        taps = torch.eye(rank * height * width, device=projected.device)
        return self.linear(projected, taps.reshape(-1, rank, height, width))


def changed(coefficients: Tensor, directions: Tensor) -> Float[Tensor, "output input height width"]:
    """Λ D: what coefficients along directions add to the weights."""
    return torch.einsum("orhw,ri->oihw", coefficients, directions)


class ModulatedMemory(LayerMemory):
    """A layer of a StyleGAN2: its keys are modulated by the style, its sums demodulated."""

    module: SynthesisLayer

    def keys(self, inputs: Sequence[Any]) -> Tensor:
        """The features below, times the style."""
        x, w, *_ = inputs
        keys: Tensor = x.float() * self.module.affine(w)[:, :, None, None]
        return keys

    def linear(self, keys: Tensor, weight: Tensor) -> Tensor:
        """The convolution, with the blur where it doubles the size."""
        if self.module.upsampling:
            return upsampling_convolution(keys, weight, self.module.resample_filter)
        return functional.conv2d(keys, weight, padding=1)

    def values(self, inputs: Sequence[Any], linear: Tensor, weight: Tensor) -> Tensor:
        """Demodulation, noise, bias, leaky rectifier."""
        _, w, noise = inputs
        styles = self.module.affine(w)
        scale = (styles.square() @ weight.square().sum((2, 3)).t() + _EPSILON).rsqrt() * GAIN
        return rectify_(linear * scale[:, :, None, None] + self._offset(noise), self.module.clamp)

    def _offset(self, noise: Tensor | None) -> Tensor:
        offset = self.module.bias[None, :, None, None] * GAIN
        return offset if noise is None else offset + noise * (self.module.noise_strength * GAIN)

    def answer(self, reading: Reading, directions: Tensor, places: Tensor) -> Answer:
        """As `LayerMemory.answer`; demodulation too is computed from the coefficients alone."""
        *_, noise = reading.inputs
        weight = self.weight
        demodulation = self.demodulation(reading, directions)
        before = self.linear(reading.keys, weight)[0].flatten(1)[:, places]
        shares = self.shares(reading, directions)[0].flatten(1)[:, places]
        offset = self._offset(noise).expand(1, len(weight), *reading.values.shape[2:])
        offset = offset[0].flatten(1)[:, places]
        clamp = self.module.clamp

        def answer(coefficients: Tensor) -> Tensor:
            flat = coefficients.flatten(1)
            values: Tensor = _Demodulated.apply(flat, before, shares, offset, demodulation)
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

    def keys(self, inputs: Sequence[Any]) -> Tensor:
        """The features below, times the style."""
        x, w = inputs
        return self.module.modulated(x.float(), self.module.styles(w))

    def linear(self, keys: Tensor, weight: Tensor) -> Tensor:
        """The convolution, two pixels larger than the picture and its margin for a kernel of three."""
        return functional.conv2d(keys, weight, padding=self.module.geometry.kernel - 1)

    def values(self, inputs: Sequence[Any], linear: Tensor, weight: Tensor) -> Tensor:
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

    With e of `Demodulation`, v = lrelu(offset + (before + Λ A) · √2 / √e).
    """

    @staticmethod
    def forward(
        ctx: Any,
        flat: Tensor,
        before: Tensor,
        shares: Tensor,
        offset: Tensor,
        by: Demodulation,
    ) -> Tensor:
        """The values, `[O, P]`."""
        total = by.changed(flat).clamp_min(_EPSILON)
        scale = total.rsqrt() * GAIN
        linear = torch.addmm(before, flat, shares)
        values = functional.leaky_relu_(torch.addcmul(offset, linear, scale[:, None]), LEAK)
        ctx.save_for_backward(values, linear, scale, total, by.cross + 2 * (flat @ by.within), shares)
        return values

    @staticmethod
    def backward(ctx: Any, towards: Tensor) -> tuple[Tensor | None, ...]:
        """With respect to the coefficients only."""
        values, linear, scale, total, slope, shares = ctx.saved_tensors
        inner = torch.where(values > 0, towards, LEAK * towards)
        of_energy = (inner * linear).sum(1) * scale / (-2 * total)
        gradient = torch.addmm(slope * of_energy[:, None], inner * scale[:, None], shares.t())
        return gradient, None, None, None, None


class PlainMemory(LayerMemory):
    """A layer whose module is, or holds, exactly one convolution or linear map.

    Whatever else the module does (pixel norm before; batch norm, rectifier, pooling behind) runs as it is.
    """

    def __init__(self, model: Model, layer: Layer, parameter: str, linear: nn.Module) -> None:
        super().__init__(model, layer, parameter)
        self._map: Any = linear
        self.swapped = isinstance(linear, nn.ConvTranspose2d) or _is_transposed_linear(linear)

    def keys(self, inputs: Sequence[Any]) -> Tensor:
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

    def values(self, inputs: Sequence[Any], linear: Tensor, weight: Tensor) -> Tensor:
        """The layer's output when its map gives these sums."""
        bias = 0 if self._map.bias is None else self._map.bias[None, :, None, None]
        total = linear + bias

        def instead(_: nn.Module, __: Any, output: Tensor) -> Tensor:
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


_EPSILON = 1e-8


def memory_of(model: Model, layer: str | None = None) -> LayerMemory:
    """A layer of a model as a memory.

    Args:
        model: The model.
        layer: The layer's name; the default layer unless given.

    Raises:
        LayerError: There is no such layer, or it has no weights.
        UnsupportedError: It holds several maps, or one that cannot be rewritten.
    """
    place = model.layer(layer)
    module = model.module_of(place)
    if place.input or place.call is not None:
        raise UnsupportedError(
            f"Layer {place.name!r} of {model.name!r} is {'what goes into' if place.input else 'one call of'} "
            f"{place.module!r}: a rule changes the weights of a module, in all that it puts out."
        )
    if isinstance(module, SynthesisLayer):
        return ModulatedMemory(model, place, f"{place.module}.weight")
    if isinstance(model.module.get_submodule(place.holder), StyleGAN3Layer):
        return AliasFreeMemory(model, place)
    found = [(name, each) for name, each in module.named_modules() if _is_plain(each)]
    if not found and next(module.parameters(), None) is None:
        with_weights = [each.name for each in model.layers.values() if _rewritable(model, each)]
        raise LayerError(
            f"Layer {place.name!r} of {model.name!r} has no weights that could be rewritten.",
            f"Layers that have: {', '.join(with_weights[:12])}." if with_weights else "",
        )
    if len(found) != 1:
        raise UnsupportedError(
            f"Layer {place.name!r} of {model.name!r} is a {type(module).__name__} with {len(found)} "
            "convolutions or linear maps; a rule is written into exactly one.",
            "Name a layer inside it." if found else "",
        )
    name, linear = found[0]
    if getattr(linear, "groups", 1) != 1 or getattr(linear, "padding_mode", "zeros") != "zeros":
        raise UnsupportedError(
            f"Layer {place.name!r} is a convolution in groups, or padded with other than 0."
        )
    return PlainMemory(
        model, place, ".".join(part for part in (place.module, name, "weight") if part), linear
    )


def _rewritable(model: Model, layer: Layer) -> bool:
    module = model.module.get_submodule(layer.holder)
    return (
        isinstance(module, SynthesisLayer | StyleGAN3Layer)
        or sum(_is_plain(each) for each in module.modules()) == 1
    )


def read_latents(memory: LayerMemory, w: Float[Tensor, "batch num_ws w_dim"]) -> Reading:
    """What the layer of a generator does while it draws from w."""
    synthesis: Any = memory.model.module.get_submodule("synthesis")
    return memory.read(lambda: synthesis(w))


def _inside(keys: Tensor, margin: int) -> Tensor:
    """Maps without the margin on each side."""
    height, width = keys.shape[2:]
    return keys[:, :, margin : height - margin, margin : width - margin]


def _plain(value: Any) -> Any:
    """A tensor that gradients may flow past, whatever mode it was made in."""
    if not isinstance(value, torch.Tensor):
        return value
    with torch.inference_mode(False):
        return value.clone() if value.is_inference() else value.detach()
