"""Run the upper part of any network again and again: what lies below a layer is computed once.

While a forward pass runs, the outputs of the modules that ended before the layer are kept. In a later pass
those modules are not computed: each gives what it gave before, so that only what stands above the layer is
work. No module needs to know of it, and connections that skip the layer are right, because what goes around
it is what was kept. Modules may work in place: what is kept, and what is given again, are copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from torch import Tensor, nn

from inscape.activations._targets import mapped
from inscape.errors import LayerError, ShapeError
from inscape.models.card import Layer
from inscape.models.model import Model

V = TypeVar("V")
Forward = Callable[..., object]


@dataclass(frozen=True)
class _Call:
    """One call of a module that ended before the layer did."""

    module: nn.Module
    number: int
    output: object


class _Pass:
    """A forward pass that is watched until the layer is reached.

    Attributes:
        ended: The calls that ended before that, without those that others of them hold.
        features: The output of the layer.
        arguments: What the network was called with.
        again: How often the module of the layer ran after it was reached.
    """

    def __init__(self, layer: Layer, place: nn.Module) -> None:
        self.layer, self.place = layer, place
        self.begin((), {})

    def begin(self, arguments: tuple[object, ...], named: dict[str, object]) -> None:
        """A pass begins; of several, only the last counts."""
        self.arguments, self.named = _copied((arguments, named))
        self.ended: list[_Call] = []
        self.features: object = None
        self._reached = False
        self.again = self._begun = self._seen = 0

    def call(self, module: nn.Module, forward: Forward, *arguments: object, **named: object) -> object:
        """Run a module; keep what it gives as long as the layer was not reached."""
        if self.is_reached():
            self.again += module is self.place
            return forward(*arguments, **named)
        mine = module is self.place and self._is_it()
        if mine and self.layer.input:
            self._reach(arguments[0])
            return forward(*arguments, **named)
        number, self._begun = self._begun, self._begun + 1
        output = forward(*arguments, **named)
        if self.is_reached():  # inside
            return output
        while self.ended and self.ended[-1].number > number:  # they ran inside
            self.ended.pop()
        if mine:
            self._reach(output)
        else:
            self.ended.append(_Call(module, number, _copied(output)))
        return output

    def is_reached(self) -> bool:
        """Whether the pass came to the layer."""
        return self._reached

    def _is_it(self) -> bool:
        number, self._seen = self._seen, self._seen + 1
        return self.layer.call in (None, number)

    def _reach(self, value: object) -> None:
        """What a network adds to the output in place does not change what is kept."""
        self._reached, self.features = True, _copied(value)

    def kept(self) -> dict[nn.Module, list[object]]:
        """The outputs of the modules that need not run again, in the order of their calls."""
        outputs: dict[nn.Module, list[object]] = {}
        for call in self.ended:
            outputs.setdefault(call.module, []).append(call.output)
        return outputs


class Resumable:
    """A forward pass that can be taken up again behind a layer.

    Attributes:
        output: What the network gave in the pass that was watched.
    """

    def __init__(self, model: Model, watched: _Pass) -> None:
        self._model, self._watched = model, watched
        self.output: object = None

    @property
    def features(self) -> Tensor:
        """The output of the layer in the pass that was watched.

        Raises:
            LayerError: The layer has not run, or is all calls of a module that ran several times.
            ShapeError: It does not put out a tensor.
        """
        layer = self._watched.layer
        if not self._watched.is_reached():
            raise LayerError(
                f"Layer {layer.name!r} has not run yet.", "Run the network inside the block first."
            )
        if layer.call is None and self._watched.again:
            raise LayerError(
                f"A pass is taken up behind one call of a module, and {layer.module!r} of layer "
                f"{layer.name!r} runs {self._watched.again + 1} times in a pass.",
                'Name one of its calls in the card of the model, such as "call": 0.',
            )
        value = self._watched.features
        if not isinstance(value, Tensor):
            raise ShapeError(
                f"Layer {self._watched.layer.name!r} must output a tensor, got a {type(value).__name__}."
            )
        return value

    def __call__(self, features: Tensor) -> Tensor:
        """What the network gives with another output of the layer; only what is above it is computed.

        Args:
            features: For the same inputs, of the same shape.

        Raises:
            ShapeError: They have another shape, or the network gives no tensor.
        """
        if features.shape != self.features.shape:
            raise ShapeError(
                f"The output of layer {self._watched.layer.name!r} has the shape "
                f"{tuple(self.features.shape)}, got {tuple(features.shape)}."
            )
        watched, kept = self._watched, self._watched.kept()
        made: Counter[nn.Module] = Counter()

        def again(module: nn.Module, forward: Forward, *arguments: object, **named: object) -> object:
            number, made[module] = made[module], made[module] + 1
            outputs = kept.get(module, [])
            if number < len(outputs):
                return _copied(outputs[number])
            if module is watched.place and number == len(outputs):
                value = features.clone()
                return forward(value, *arguments[1:], **named) if watched.layer.input else value
            return forward(*arguments, **named)

        with _forwards([*kept, watched.place], again):
            arguments, named = _copied((watched.arguments, watched.named))
            output: object = self._model.module(*arguments, **named)
        if not isinstance(output, Tensor):
            raise ShapeError(f"The network must give a tensor, got a {type(output).__name__}.")
        return output


@contextmanager
def resumable(model: Model, layer: str | Layer) -> Iterator[Resumable]:
    """Watch a forward pass inside a `with` block, and take it up again behind a layer afterwards.

    Example:
        >>> with resumable(model, "block4") as resume:
        ...     model.module(pictures)
        >>> without = resume(resume.features * mask)        # only what is above block4 is computed

    Several passes in the block leave the last one. One thread may do so at a time: modules are called through
    others while the block, or a pass that is taken up, runs.

    Args:
        model: The opened model.
        layer: A layer of it.

    Raises:
        LayerError: There is no such layer.
        FormatError: The card names a module that the network does not have.
    """
    place = layer if isinstance(layer, Layer) else model.layer(layer)
    watched = _Pass(place, model.module_of(place))
    resume = Resumable(model, watched)

    def watch(module: nn.Module, forward: Forward, *arguments: object, **named: object) -> object:
        if module is not model.module:
            return watched.call(module, forward, *arguments, **named)
        watched.begin(arguments, named)
        resume.output = watched.call(module, forward, *arguments, **named)
        return resume.output

    with _forwards(list(model.module.modules()), watch):
        yield resume


def _copied(value: V) -> V:
    """A value with copies of its tensors, which a network may change in place."""
    copied: V = mapped(value, Tensor.clone)
    return copied


@contextmanager
def _forwards(modules: list[nn.Module], through: Callable[..., object]) -> Iterator[None]:
    """Call the forward of modules through a function inside a `with` block."""
    each = list(dict.fromkeys(modules))
    before = [module.__dict__.get("forward") for module in each]
    try:
        for module in each:
            module.forward = partial(through, module, module.forward)
        yield
    finally:
        for module, own in zip(each, before, strict=True):
            module.__dict__.pop("forward", None)
            if own is not None:
                module.forward = own
