"""The last linear map of a classifier, found by running it: pooled features times class weights.

No family of networks is known by name: a picture is run once, and the linear map is the one whose output is
what the network gives. The maps before it are the layer whose mean over all places, or whose class token, is
what the linear map gets.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from inscape.activations.axes import token_grid
from inscape.errors import InscapeError
from inscape.models.card import VECTORS, Layer
from inscape.models.taps import tapped
from inscape.sources.source import shown

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Model

_CLOSE = 1e-4
"""Of the largest pooled value: sums in another order differ by less."""


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear map from features to logits.

    Attributes:
        path: Dotted path of the `torch.nn.Linear`.
        weight: Its weights.
        bias: Its bias; zeros where it has none.
        maps: The layer that the features are pooled from, or None where they have no place.
        vector: The layer that is the features themselves, if the card has one.
        mean: Whether the features are means over the places of the maps; False where they are a class token.
    """

    path: str
    weight: Float[Tensor, "class unit"]
    bias: Float[Tensor, "class"]
    maps: Layer | None
    vector: Layer | None
    mean: bool = True

    @property
    def layers(self) -> list[str]:
        """The layers of the card that have these units: the maps, and the features themselves."""
        return [each.name for each in (self.maps, self.vector) if each is not None]

    @property
    def layer(self) -> str:
        """What the units are called after: the maps, else the vector, else the linear map's input."""
        named = self.maps or self.vector
        return f"{self.path}.input" if named is None else named.name


_KNOWN: weakref.WeakKeyDictionary[nn.Module, LinearHead | None] = weakref.WeakKeyDictionary()


def find_head(model: Model) -> LinearHead | None:
    """The linear head of a classifier; None where its last step is another one.

    The first call runs the network once on noise; what was found is kept with the network.
    """
    if model.module not in _KNOWN:
        _KNOWN[model.module] = _traced(model)
    head = _KNOWN[model.module]
    if head is None:
        return None
    linear = model.module.get_submodule(head.path)
    assert isinstance(linear, nn.Linear)
    bias = torch.zeros(len(linear.weight)) if linear.bias is None else linear.bias.detach()
    return replace(head, weight=linear.weight.detach(), bias=bias.to(linear.weight))


def _traced(model: Model) -> LinearHead | None:
    """Look for it with one picture of noise."""
    size, outputs = model.card.shown_size, {}
    runs: list[tuple[str, Tensor, Tensor]] = []
    linear = [(name, each) for name, each in model.module.named_modules() if isinstance(each, nn.Linear)]
    noise = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def noting(name: str) -> Callable[[tuple[object, ...], object], None]:
        def note(arguments: tuple[object, ...], output: object) -> None:
            got = arguments[0] if arguments else None
            if isinstance(got, torch.Tensor) and isinstance(output, torch.Tensor):
                runs.append((name, got.clone(), output.clone()))

        return note

    def keeping(name: str) -> Callable[[tuple[object, ...], object], None]:
        def keep(_: tuple[object, ...], output: object) -> None:
            if isinstance(output, torch.Tensor):
                outputs[name] = output.clone()

        return keep

    with torch.inference_mode(), ExitStack() as stack:
        for name, _ in linear:
            stack.enter_context(tapped(model.module, name, noting(name)))
        for layer in model.card.layers:
            stack.enter_context(model.tapped(layer, keeping(layer.name)))
        logits = shown(model, noise)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2:
        return None
    found = [run for run in runs if run[2].shape == logits.shape and torch.equal(run[2], logits)]
    if not found or found[-1][1].ndim != 2:
        return None
    path, features, _ = found[-1]
    pooled = [
        (layer, how)
        for layer in model.card.layers
        if layer.axes != VECTORS and layer.name in outputs
        if (how := _pooling(layer, outputs[layer.name], features)) is not None
    ]
    vectors = [layer for layer in model.card.layers if layer.input and layer.module == path]
    same = [
        layer
        for layer in model.card.layers
        if layer.axes == VECTORS and layer.name in outputs and _equal(outputs[layer.name], features)
    ]
    empty = torch.zeros(0)
    vector = next(iter([*vectors, *reversed(same)]), None)
    maps, how = pooled[-1] if pooled else (None, "mean")
    return LinearHead(path, empty, empty, maps, vector, how == "mean")


def _pooling(layer: Layer, output: Tensor, features: Tensor) -> Literal["mean", "token"] | None:
    """Whether the features are the mean of maps over their places or of tokens, or one token, or neither."""
    units = layer.axes.index("unit") + 1
    if output.ndim != len(layer.axes) + 1 or output.shape[units] != features.shape[1]:
        return None
    flat, extra = output.movedim(units, 1).flatten(2), 0
    if "token" in layer.axes:
        try:
            extra, _ = token_grid(flat.shape[2])
        except InscapeError:
            return None
    if _equal(flat.mean(2), features) or _equal(flat[:, :, extra:].mean(2), features):
        return "mean"
    return "token" if extra and _equal(flat[:, :, 0], features) else None


def _equal(one: Tensor, other: Tensor) -> bool:
    least = float(other.abs().max()) * _CLOSE
    return one.shape == other.shape and bool((one - other).abs().max() <= least)
