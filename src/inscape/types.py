"""Types that every part names, where the standard library and NumPy have no word of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON, as it is made or was parsed: its values are null, numbers, text, lists and objects."""

JsonMapping: TypeAlias = Mapping[str, Any]
"""An object of JSON that is only read. Where it comes from a file, the reader checks every field."""

Array: TypeAlias = "NDArray[Any]"
"""An array of NumPy of any dtype."""


class AutogradContext(Protocol):
    """What PyTorch hands to both passes of an autograd function, for the forward pass to keep things in."""

    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors until the gradient is taken."""

    def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: object) -> None: ...
