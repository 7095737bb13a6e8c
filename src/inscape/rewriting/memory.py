"""A layer as an associative memory: its input at a position is a key, its output a value.

Rewriting a Deep Generative Model (Bau et al., ECCV 2020, section 3) reads the weights of a convolution as the
least-squares memory of all pairs of keys and values that it has learned. Of a StyleGAN2 the keys are what the
convolution gets, the features below times the style, and the values the output of the layer: behind
demodulation, blur, noise, bias and rectifier. Of a StyleGAN3 they are the same, but keys have a margin around
the picture; values are those of the picture. Of any other layer with one convolution or linear map in it, the
keys are what that gets, and the values again the output of the layer.

Shapes: B batch, I inputs (key), O outputs (value), P positions, R rank, T taps of the kernel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch.nn import functional

from inscape.activations import as_maps, record, stop_after
from inscape.errors import UnsupportedError
from inscape.models.fingerprint import fingerprint
from inscape.storage import content_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Layer, Model

Inputs: TypeAlias = "Sequence[Any]"
"""What a module is called with: tensors, and None where a layer gets no noise."""


@dataclass(frozen=True)
class Reading:
    """The keys and values of a layer for some pictures.

    Attributes:
        inputs: What its module was called with.
        keys: `[B, I, height, width]`; vectors count as maps of one position, tokens as one column.
        values: `[B, O, height, width]`.
        margin: Cells of the keys on each side that lie beyond the picture.
    """

    inputs: Inputs
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

    def key(self) -> str | None:
        """A key of what the layer does with a latent; None where that cannot be told."""
        network, card = fingerprint(self.model.module), self.model.card
        if network is None:
            return None
        kind = type(self).__qualname__
        return content_key(network, kind, self.parameter, self.layer.model_dump(mode="json"), card.latent)

    def read(self, run: Callable[[], object]) -> Reading:
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
    def keys(self, inputs: Inputs) -> Float[Tensor, "batch input height width"]:
        """The keys in what the layer's module is called with."""

    @abstractmethod
    def linear(
        self, keys: Float[Tensor, "batch input height width"], weight: Float[Tensor, "output input h w"]
    ) -> Float[Tensor, "batch output rows columns"]:
        """The layer's linear map with any weights: the only thing in it that they take part in."""

    @abstractmethod
    def values(
        self,
        inputs: Inputs,
        linear: Float[Tensor, "batch output rows columns"],
        weight: Float[Tensor, "output input h w"],
    ) -> Float[Tensor, "batch output rows columns"]:
        """The values, from what the linear map gave with these weights."""

    def forward(self, reading: Reading, weight: Tensor) -> Float[Tensor, "batch output rows columns"]:
        """The values of a reading if the layer had other weights; what went in stays."""
        return self.values(reading.inputs, self.linear(reading.keys, weight), weight)

    def answer(self, reading: Reading, directions: Float[Tensor, "rank input"], places: Tensor) -> Answer:
        """The values at some positions of one picture as a function of an edit's coefficients.

        Only the fraction of the keys along the directions is looked at again, so that one evaluation costs
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


def need_cpu(model: Model) -> None:
    """Refuse a model that is elsewhere.

    Raises:
        UnsupportedError: It is.
    """
    if model.device.type != "cpu":
        raise UnsupportedError(
            f"Rules are made on the CPU, and the model is on {model.device}.",
            "Open it with device='cpu': a rule takes less than a second there.",
        )


def read_latents(memory: LayerMemory, w: Float[Tensor, "batch num_ws w_dim"]) -> Reading:
    """What the layer of a generator does while it draws from w."""
    synthesis = memory.model.module.get_submodule("synthesis")
    return memory.read(lambda: synthesis(w))


def _inside(keys: Tensor, margin: int) -> Tensor:
    """Maps without the margin on each side."""
    height, width = keys.shape[2:]
    return keys[:, :, margin : height - margin, margin : width - margin]


def _plain(value: object) -> Any:
    """A tensor that gradients may flow past, whatever mode it was made in."""
    if not isinstance(value, torch.Tensor):
        return value
    with torch.inference_mode(False):
        return value.clone() if value.is_inference() else value.detach()
