"""Read what layers put out, and what goes into them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from jaxtyping import Float
from torch import Tensor

from inscape.activations._targets import Target, mapped, tap
from inscape.activations.axes import as_maps
from inscape.errors import LayerError, ShapeError
from inscape.models.card import Axis
from inscape.models.model import Model


class Recorded(dict[str, Any]):
    """Values by layer name; asking for one that has not run says so."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)

    def __missing__(self, name: str) -> Any:
        if name in self._names:
            raise LayerError(f"Layer {name!r} has not run yet.", "Run the network inside the block first.")
        raise LayerError(f"Layer {name!r} is not recorded here; recorded: {', '.join(self._names)}.")


class Recording:
    """What the recorded layers did in their latest run.

    Attributes:
        outputs: What each layer put out: a tensor, or whatever structure of tensors the module returns.
        inputs: The positional arguments of each layer, as a tuple; only where inputs were asked for.
        runs: How often each layer ran while it was recorded.
    """

    def __init__(self, names: Sequence[str], axes: Mapping[str, Sequence[Axis]]) -> None:
        self.outputs = Recorded(names)
        self.inputs = Recorded(names)
        self.runs = dict.fromkeys(names, 0)
        self._axes = axes

    def maps(self, name: str) -> Float[Tensor, "batch unit height width"]:
        """The output of a layer with its units first: tokens as one column, vectors as one cell.

        Raises:
            LayerError: The layer is not recorded, or has not run.
            ShapeError: It put out something else than its axes say, or no tensor.
        """
        output = self.outputs[name]
        if not isinstance(output, Tensor):
            raise ShapeError(f"Layer {name!r} must output a tensor, got a {type(output).__name__}.")
        return as_maps(output, self._axes.get(name))


@contextmanager
def record(
    target: Target,
    names: str | Sequence[str],
    *,
    inputs: bool = False,
    detach: bool = True,
    copy: bool = False,
    own_thread: bool = False,
) -> Iterator[Recording]:
    """Keep the outputs of layers while the block runs.

    Example:
        >>> with record(model, ["layer16a"]) as recording:
        ...     model.images(w)
        >>> recording.outputs["layer16a"].shape

    A recording sees what the edits around it have made of the output, and not what edits inside it will.

    Args:
        target: Any `torch.nn.Module`, or an opened model.
        names: Dotted module names, or layer names of the model.
        inputs: Also keep what goes in.
        detach: Cut the values off from the gradient graph.
        copy: Copy the values, for networks that overwrite them in place.
        own_thread: Keep only what runs in the thread that opened the block, so that several threads can run
            one network and each record its own.

    Raises:
        LayerError: A layer does not exist; near names are given.
    """
    names = [names] if isinstance(names, str) else list(names)
    axes = {name: target.layer(name).axes for name in names} if isinstance(target, Model) else {}
    recording = Recording(names, axes)
    owner = threading.get_ident()

    def kept(value: object) -> Any:
        def one(tensor: Tensor) -> Tensor:
            tensor = tensor.detach() if detach else tensor
            return tensor.clone() if copy else tensor

        return mapped(value, one)

    def keep(name: str, arguments: tuple[object, ...], output: object) -> None:
        if own_thread and threading.get_ident() != owner:
            return
        recording.outputs[name] = kept(output)
        recording.runs[name] += 1
        if inputs:
            recording.inputs[name] = kept(arguments)

    with ExitStack() as stack:
        for name in dict.fromkeys(names):
            stack.enter_context(tap(target, name, partial(keep, name)))
        yield recording
