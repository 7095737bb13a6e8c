"""Record the outputs and inputs of layers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from jaxtyping import Float
from torch import Tensor

from inscape.activations._targets import Target, mapped, tap
from inscape.activations.axes import as_grid, as_maps
from inscape.errors import LayerError, ShapeError
from inscape.models.card import Axis
from inscape.models.model import Model


class Recorded(dict[str, Any]):
    """Values by layer name. A layer that has not run raises an error."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)

    def __missing__(self, name: str) -> Any:
        if name in self._names:
            raise LayerError(f"Layer {name!r} has not run yet.", "Run the network inside the block first.")
        raise LayerError(f"Layer {name!r} is not recorded here; recorded: {', '.join(self._names)}.")


class Recording:
    """The outputs and inputs of the recorded layers in their latest run.

    Attributes:
        outputs: Output of each layer: a tensor, or the structure of tensors that the module returns.
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
            ShapeError: Its output does not fit its axes, or is not a tensor.
        """
        return as_maps(self._tensor(name), self._axes.get(name))

    def grids(self, name: str) -> Float[Tensor, "batch unit height width"]:
        """The same with the tokens of a picture's patches in their rows.

        Raises:
            LayerError: The layer is not recorded, or has not run.
            ShapeError: Its output does not fit its axes, or is not a tensor.
            UnsupportedError: Its tokens are no square of patches.
        """
        return as_grid(self._tensor(name), self._axes.get(name))

    def _tensor(self, name: str) -> Tensor:
        output = self.outputs[name]
        if not isinstance(output, Tensor):
            raise ShapeError(f"Layer {name!r} must output a tensor, got a {type(output).__name__}.")
        return output


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
    """Keep the outputs of layers inside a `with` block.

    Example:
        >>> with record(model, ["layer16a"]) as recording:
        ...     model.images(w)
        >>> recording.outputs["layer16a"].shape

    A recording includes the edits of outer blocks, and not those of inner blocks.

    Args:
        target: Any `torch.nn.Module`, or an opened model.
        names: Dotted module names, or layer names of the model.
        inputs: Also keep what goes in.
        detach: Cut the values off from the gradient graph.
        copy: Copy the values, for networks that overwrite them in place.
        own_thread: Keep only what runs in the thread that opened the block, so that several threads can run
            one network and each record its own.

    Raises:
        LayerError: A layer does not exist; the message suggests near names.
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
