"""Fill a network with exactly the tensors that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from inscape.errors import FormatError
from inscape.types import JsonObject

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.overrides import TorchFunctionMode

_Network = TypeVar("_Network", bound="nn.Module")


def filled(build: Callable[[], _Network], tensors: Mapping[str, Tensor]) -> _Network:
    """Build a network around tensors: where one has the right type already, it is not copied.

    Args:
        build: Makes the network; its weights take no memory then.
        tensors: Under the names of its `state_dict`, every one that it has.

    Returns:
        The network in evaluation mode, without gradients, its floating-point weights in float32.

    Raises:
        FormatError: One is missing, is too many, has a shape that does not fit, or holds something that is
            not a finite number. The message begins with "it".
    """
    import torch

    with torch.device("meta"), _shapes_only():
        network = build()
    expected = network.state_dict()
    missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or extra:
        raise FormatError(
            f"it lacks {missing[0]!r}." if missing else f"it has {extra[0]!r}, which the network does not."
        )
    ready = {name: _checked(name, tensors[name], wanted) for name, wanted in expected.items()}
    network.load_state_dict(ready, assign=True)
    return network.eval().requires_grad_(False)


def _shapes_only() -> TorchFunctionMode:
    """Leave out what constructors draw and compute, of which nothing but the shapes stays.

    On the device `meta`, torch would import its compiler for that: two seconds in every process.
    """
    import torch
    from torch import Tensor
    from torch.overrides import TorchFunctionMode

    by_numbers = (Tensor.add, Tensor.sub, Tensor.mul, Tensor.div)

    class ShapesOnly(TorchFunctionMode):
        def __torch_function__(
            self,
            function: Callable[..., object],
            types: object,
            args: Sequence[Any] = (),
            kwargs: JsonObject | None = None,
        ) -> object:
            options = dict(kwargs or {})
            if function in (torch.rand, torch.randn):
                options.pop("generator", None)
                return torch.empty(*args, **options)
            if function is torch.eye:
                return torch.empty(args[0], args[0], **options)
            if function is Tensor.normal_ or (function in by_numbers and not isinstance(args[1], Tensor)):
                return args[0]
            return function(*args, **options)

    return ShapesOnly()


def _checked(name: str, tensor: Tensor, wanted: Tensor) -> Tensor:
    import torch

    if tensor.shape != wanted.shape or tensor.is_floating_point() != wanted.is_floating_point():
        raise FormatError(f"it has {name!r} as {_kind(tensor)}, where {_kind(wanted)} was expected.")
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
        raise FormatError(f"it is damaged: {name!r} holds numbers that are not finite.")
    return tensor.to(wanted.dtype)


def _kind(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
