"""What a pickle can hold: containers, records, names, and numbers that lie in the file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from inscape.errors import FormatError

if TYPE_CHECKING:
    import numpy
    import torch
T = TypeVar("T")


@dataclass(frozen=True)
class PickleLimits:
    """Where reading stops.

    Attributes:
        bytes: Size of the file.
        operations: Opcodes of all pickles in it.
        entries: Files in an archive.
        depth: How deep modules lie in modules.
    """

    bytes: int = 32 << 30
    operations: int = 2_000_000
    entries: int = 100_000
    depth: int = 64


class Items(OrderedDict[Any, Any]):
    """A dictionary of a file, whatever class it had; what else the object held is in `attributes`."""

    attributes: object = None


class Module:
    """A module of torch as data: its `state` holds `_parameters`, `_buffers` and `_modules`."""

    __slots__ = ()
    state: Any

    def tensors(self, *, depth: int = PickleLimits.depth) -> dict[str, torch.Tensor]:
        """Parameters and buffers of the module and all in it, by dotted name, as `state_dict` has them.

        Raises:
            FormatError: It is not a module, or modules lie in one another too deep.
        """
        return {name: tensor for _, name, tensor in self._walk("", depth)}

    def modules(self, *, depth: int = PickleLimits.depth) -> dict[str, Module]:
        """The modules in it by dotted name, itself under ""."""
        return {name: module for module, name, _ in self._walk("", depth, of_modules=True)}

    def _walk(self, prefix: str, depth: int, of_modules: bool = False) -> Iterator[tuple[Module, str, Any]]:
        import torch

        if depth == 0:
            raise FormatError("Its modules lie in one another too deep.")
        if of_modules:
            yield self, prefix.rstrip("."), None
        for group in () if of_modules else ("_parameters", "_buffers"):
            for name, value in _mapping(self.state, group).items():
                if isinstance(value, torch.Tensor):
                    yield self, f"{prefix}{name}", value
        for name, value in _mapping(self.state, "_modules").items():
            if isinstance(value, Module):
                yield from value._walk(f"{prefix}{name}.", depth - 1, of_modules)


def _mapping(state: object, name: str) -> Mapping[str, object]:
    value = state.get(name) if isinstance(state, Mapping) else None
    if not isinstance(value, Mapping):
        raise FormatError(f"One of its modules has no {name!r}.")
    return value


@dataclass(frozen=True, eq=False)
class Record(Module):
    """An object that NVIDIA's `torch_utils.persistence` wrote, as data.

    Attributes:
        kind: "class".
        version: Of their format.
        module_source: The Python module that it came from, as text; never run.
        class_name: Its class in there.
        state: Its attributes; for a module `_parameters`, `_buffers` and `_modules` among them.
    """

    kind: str
    version: int
    module_source: str
    class_name: str
    state: Mapping[str, Any]


@dataclass(eq=False, slots=True)
class Placeholder(Module):
    """A name that is not read from files, or an object of that class: data, which nothing can call or run.

    Attributes:
        module: The module that the pickle names; never imported.
        name: The name in it.
        state: The attributes that the pickle gives the object; None where it gives none.
        entries: What the pickle puts into it as into a dictionary; None where it puts nothing.
    """

    module: str
    name: str
    state: Mapping[Any, Any] | None = None
    entries: Items | None = None

    @property
    def title(self) -> str:
        """Module and name, shortened for a message."""
        return f"{self.module[:60]}.{self.name[:60]}"

    def build(self, state: object) -> None:
        """Take the state that a pickle gives the object: its attributes, or those and its slots."""
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, Mapping):
                self.state = part if self.state is None else Items({**self.state, **part})

    def put(self, pairs: Iterable[tuple[object, object]]) -> None:
        """Keep what the pickle puts into the object as into a dictionary."""
        self.entries = Items() if self.entries is None else self.entries
        self.entries.update(pairs)


@dataclass(frozen=True, eq=False)
class Name:
    """A name that a pickle may mention."""

    module: str
    name: str


class Text(str):
    """A long text of a pickle that ends at `end` in the file.

    Protocol 2 writes bytes as such texts. Their bytes are in `data` once they have been asked for, to be read
    and changed; `span` and `encoded` are what puts them back into the file.
    """

    def __new__(cls, text: object, end: int) -> Text:
        made = super().__new__(cls, text)
        made.end, made.data = end, None
        return made

    end: int
    data: bytearray | None

    @property
    def span(self) -> slice:
        """Where length and text stand in the file."""
        return slice(self.end - len(_counted(self)), self.end)

    def encoded(self) -> bytes:
        """Length and text as the bytes are now."""
        return _counted(self if self.data is None else self.data.decode("latin1"))


def _counted(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    return len(encoded).to_bytes(4, "little") + encoded


@dataclass(eq=False)
class Storage:
    """Numbers in the file; `data` is None while they have not been found."""

    dtype: torch.dtype
    numel: int
    data: memoryview | None = None


@dataclass(eq=False)
class Dtype:
    """A dtype of NumPy in the making."""

    code: str

    def finished(self) -> numpy.dtype[Any]:
        import numpy as np

        dtype = np.dtype(self.code)
        if dtype.hasobject or dtype.itemsize > 16 or dtype.kind not in "biufcSU":
            raise FormatError(f"it holds numbers of the kind {self.code!r}")
        return dtype


@dataclass(eq=False)
class Array:
    """An array of NumPy; `value` is None until its content was read."""

    value: numpy.ndarray | None = None

    def fill(self, version: object, shape: object, dtype: object, fortran: object, data: str | bytes) -> None:
        """Take the content from what NumPy pickles as an array's state."""
        import numpy as np

        if isinstance(dtype, Placeholder):
            return  # an array of objects, which hold no numbers
        data = data.encode("latin1") if isinstance(data, str) else data
        sizes = tuple(count(number) for number in of(tuple, shape))
        values = np.frombuffer(data, of(Dtype, dtype).finished())
        self.value = values.reshape(sizes, order="F" if fortran else "C")


def of(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise FormatError("its pickle is damaged: it takes one kind of object for another")
    return value


def count(number: object) -> int:
    if type(number) is not int or not 0 <= number < 1 << 48:
        raise FormatError("a size in it is no whole number from 0")
    return number
