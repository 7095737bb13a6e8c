"""Types that every part names, where the standard library and NumPy have no word of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON, as it is made or was parsed: its values are null, numbers, text, lists and objects."""

JsonMapping: TypeAlias = Mapping[str, Any]
"""An object of JSON that is only read. Where it comes from a file, the reader checks every field."""

Array: TypeAlias = "NDArray[Any]"
"""An array of NumPy of any dtype."""


class AutogradContext(Protocol):
    """What PyTorch hands to both passes of an autograd function: it takes and gives any attribute."""

    def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: object) -> None: ...
