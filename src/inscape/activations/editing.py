"""Change the outputs of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from inscape.activations._targets import Target, tap
from inscape.errors import ShapeError


@contextmanager
def edited(target: Target, name: str, function: Callable[[Any], object]) -> Iterator[None]:
    """Pass the output of a layer through a function inside a `with` block.

    Edits nest: the outermost runs first, and the next ones receive its result.

    Example:
        >>> with edited(model, "layer16a", lambda features: features * mask):
        ...     images = model.images(w)

    Args:
        target: Any `torch.nn.Module`, or an opened model.
        name: A dotted module name, or a layer name of the model.
        function: From the output to the output that the rest of the network sees; None leaves it as it is.

    Raises:
        LayerError: The layer does not exist; the message suggests near names.
        ShapeError: The function changed the shape.
    """

    def change(_: tuple[object, ...], output: object) -> object:
        changed = function(output)
        if isinstance(output, Tensor) and isinstance(changed, Tensor) and changed.shape != output.shape:
            raise ShapeError(
                f"The edit of layer {name!r} must keep the shape {tuple(output.shape)}, "
                f"got {tuple(changed.shape)}."
            )
        return changed

    with tap(target, name, change):
        yield
