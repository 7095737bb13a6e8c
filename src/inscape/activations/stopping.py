"""Run a network up to a layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from inscape.activations._targets import Target, tap
from inscape.errors import LayerError


class _StopError(Exception):
    """Leaves a forward pass; belongs to one `Stopped`."""

    def __init__(self, owner: Stopped) -> None:
        super().__init__("stopped after a layer")
        self.owner = owner


class Stopped:
    """The layer where a forward pass stopped, and its output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reached = False
        self._output: object = None

    @property
    def output(self) -> Any:
        """The output of the layer.

        Raises:
            LayerError: The layer has not run.
        """
        if not self.reached:
            raise LayerError(
                f"Layer {self.name!r} has not run yet.", "Run the network inside the block first."
            )
        return self._output


@contextmanager
def stop_after(target: Target, name: str) -> Iterator[Stopped]:
    """Leave a `with` block as soon as a layer has run, and keep its output. The rest is not computed.

    Example:
        >>> with stop_after(model, "layer16a") as stopped:
        ...     model.images(w)      # nothing after this line in the block is reached
        >>> stopped.output.shape

    Args:
        target: Any `torch.nn.Module`, or an opened model.
        name: A dotted module name, or a layer name of the model.

    Raises:
        LayerError: The layer does not exist (the message suggests near names), or the block ended without
            running it.
    """
    stopped = Stopped(name)

    def stop(_: tuple[object, ...], output: object) -> None:
        stopped.reached = True
        stopped._output = output
        raise _StopError(stopped)

    try:
        with tap(target, name, stop):
            yield stopped
    except _StopError as error:
        if error.owner is not stopped:
            raise
    if not stopped.reached:
        raise LayerError(
            f"Layer {name!r} did not run inside the block.", "Name a layer that the forward pass uses."
        )


def read(target: Target, name: str, *inputs: object) -> Any:
    """The output of one layer for some inputs. Later layers are not computed.

    Args:
        target: Any callable `torch.nn.Module`, or an opened model whose `module` is called.
        name: A dotted module name, or a layer name of the model.
        inputs: What the network is called with.

    Raises:
        LayerError: The layer does not exist, or the network does not use it.
    """
    network = target if isinstance(target, nn.Module) else target.module
    with stop_after(target, name) as stopped:
        network(*inputs)
    return stopped.output
