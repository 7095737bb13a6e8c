"""Reading pickles without running anything that is in them.

A pickle is a program: Python's own reader calls whatever it names. This one interprets the opcodes itself
and can make containers, numbers, text, tensors and records, nothing else. A name that is not in `_MAKERS` or
`_NAMES` ends the reading; an opcode that is not in `_Machine` does too. Nothing is imported, nothing is
called on behalf of a file, and nothing is written to the disk.

Three containers are read: bare pickles (NVIDIA's), the zip archives of `torch.save`, and its older form,
where the storages follow the pickle. Weights stay where they are: tensors are views of the file, which is
mapped privately.
"""

from __future__ import annotations

import mmap
import pickletools
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.errors import FormatError

if TYPE_CHECKING:
    from torch import Tensor

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LARGE = 1024  # bytes of this length or more stay in the file
_LONGEST_LINE = 1 << 16


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

    attributes: Any = None


@dataclass(frozen=True, eq=False)
class Record:
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

    def tensors(self, *, depth: int = PickleLimits.depth) -> dict[str, Tensor]:
        """Parameters and buffers of the module and all in it, by dotted name, as `state_dict` has them.

        Raises:
            FormatError: It is no module, or modules lie in one another too deep.
        """
        return {name: tensor for _, name, tensor in self._walk("", depth)}

    def modules(self, *, depth: int = PickleLimits.depth) -> dict[str, Record]:
        """The modules in it by dotted name, itself under ""."""
        found: dict[str, Record] = {}
        for record, name, _ in self._walk("", depth, of_modules=True):
            found[name] = record
        return found

    def _walk(self, prefix: str, depth: int, of_modules: bool = False) -> Iterator[tuple[Record, str, Any]]:
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
            if isinstance(value, Record):
                yield from value._walk(f"{prefix}{name}.", depth - 1, of_modules)


def _mapping(state: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = state.get(name)
    if not isinstance(value, Mapping):
        raise FormatError(f"One of its modules has no {name!r}.")
    return value


@dataclass(frozen=True, eq=False)
class Foreign:
    """What a file of somebody else's holds.

    Attributes:
        path: The file.
        container: "pickle", "torch" (a zip archive) or "torch-legacy".
        value: Containers, numbers, text, tensors and records.
    """

    path: Path
    container: str
    value: Any


def read_pickle(path: Path | str, limits: PickleLimits | None = None) -> Foreign:
    """Read a pickle or a checkpoint of `torch.save` without running anything that is in it.

    Args:
        path: The file. It stays mapped as long as a tensor of it is alive.
        limits: Where reading stops.

    Raises:
        FormatError: It is no such file, it is damaged or too large, or it asks for something that is not read
            from files. The message names the file and the trouble.
    """
    path, limits = Path(path), limits or PickleLimits()
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            if size == 0 or size > limits.bytes:
                raise FormatError("it is empty" if size == 0 else f"it is larger than {limits.bytes} bytes")
            view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY))
        container, value = _read(view, _Budget(limits.operations), limits)
    except FormatError as error:
        raise FormatError(f"{path} cannot be read: {error.detail.rstrip('.')}.", error.hint) from error
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    return Foreign(path, container, value)


def _read(view: memoryview, budget: _Budget, limits: PickleLimits) -> tuple[str, Any]:
    try:
        if bytes(view[:4]) == b"PK\x03\x04":
            return "torch", _archive(view, budget, limits)
        window = _Window(view)
        first = _Machine(window, budget, limits).run()
        if type(first) is int and first == _LEGACY_MAGIC:
            return "torch-legacy", _legacy(window, budget, limits)
        return "pickle", first
    except FormatError:
        raise
    except zipfile.BadZipFile as error:
        raise FormatError("it is a damaged archive") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, EOFError) as error:
        raise FormatError("it is no pickle, or a damaged one") from error
    except (RuntimeError, NotImplementedError, MemoryError, UnicodeError) as error:
        raise FormatError("it is damaged") from error


class _Budget:
    """Opcodes that may still be read, over all pickles of a file."""

    def __init__(self, operations: int) -> None:
        self.left = operations

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise FormatError("its pickle has too many operations")


class _Window:
    """A file as `pickletools.genops` reads it."""

    def __init__(self, view: memoryview) -> None:
        self.view, self.at = view, 0

    def read(self, count: int) -> bytes:
        part = bytes(self.view[self.at : self.at + max(0, count)])
        self.at += len(part)
        return part

    def readline(self) -> bytes:
        ahead = bytes(self.view[self.at : self.at + _LONGEST_LINE])
        part = ahead[: ahead.find(b"\n") + 1]
        self.at += len(part)
        return part

    def tell(self) -> int:
        return self.at


@dataclass(frozen=True, eq=False)
class _Name:
    """A name that a pickle may mention."""

    module: str
    name: str


@dataclass(eq=False)
class _Storage:
    """Numbers in the file; `data` is None while they have not been found."""

    dtype: Any
    numel: int
    data: memoryview | None = None


@dataclass(eq=False)
class _Dtype:
    """A dtype of NumPy in the making."""

    code: str

    def finished(self) -> Any:
        import numpy as np

        dtype = np.dtype(self.code)
        if dtype.hasobject or dtype.itemsize > 16 or dtype.kind not in "biufcSU":
            raise FormatError(f"it holds numbers of the kind {self.code!r}")
        return dtype


@dataclass(eq=False)
class Array:
    """An array of NumPy; `value` is None until its content was read."""

    value: Any = None


@dataclass
class _Machine:
    """Interprets one pickle."""

    window: _Window
    budget: _Budget
    limits: PickleLimits
    storages: Callable[[tuple[Any, ...]], _Storage] | None = None
    nested: bool = False
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def run(self) -> Any:
        """The object that the pickle describes."""
        for opcode, argument, _ in pickletools.genops(self.window):  # type: ignore[arg-type]
            self.budget.spend()
            name = opcode.name
            if name == "STOP":
                return self._pop()
            if name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name in _LITERALS:
                self.stack.append(self._literal(argument))
            elif (act := _ACTIONS.get(name)) is not None:
                act(self, argument)
            elif name not in ("PROTO", "FRAME"):
                raise FormatError(f"its pickle uses {name}, which is not read from files")
        raise FormatError("its pickle has no end")

    def _literal(self, argument: Any) -> Any:
        """Long bytes stay in the file: a window ends where its argument does."""
        if isinstance(argument, bytes | bytearray) and len(argument) >= _LARGE:
            return self.window.view[self.window.at - len(argument) : self.window.at]
        return argument

    def _pop(self) -> Any:
        if not self.stack or (self.marks and len(self.stack) <= self.marks[-1]):
            raise FormatError("its pickle takes more than there is")
        return self.stack.pop()

    def _top(self) -> Any:
        if not self.stack:
            raise FormatError("its pickle takes more than there is")
        return self.stack[-1]

    def _to_mark(self) -> list[Any]:
        if not self.marks:
            raise FormatError("its pickle takes more than there is")
        start = self.marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def mark(self, _: Any) -> None:
        self.marks.append(len(self.stack))

    def pop(self, _: Any) -> None:
        if self.marks and len(self.stack) == self.marks[-1]:
            self.marks.pop()
        else:
            self._pop()

    def pop_mark(self, _: Any) -> None:
        self._to_mark()

    def dup(self, _: Any) -> None:
        self.stack.append(self._top())

    def put(self, place: int) -> None:
        self.memo[int(place)] = self._top()

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self._top()

    def get(self, place: int) -> None:
        self.stack.append(self.memo[int(place)])

    def empty_dict(self, _: Any) -> None:
        self.stack.append(Items())

    def empty_list(self, _: Any) -> None:
        self.stack.append([])

    def empty_set(self, _: Any) -> None:
        self.stack.append(set())

    def dictionary(self, _: Any) -> None:
        taken = self._to_mark()
        self.stack.append(Items(zip(taken[::2], taken[1::2], strict=True)))

    def sequence(self, _: Any) -> None:
        self.stack.append(self._to_mark())

    def tuple_to_mark(self, _: Any) -> None:
        self.stack.append(tuple(self._to_mark()))

    def tuple1(self, _: Any) -> None:
        self.stack.append((self._pop(),))

    def tuple2(self, _: Any) -> None:
        second, first = self._pop(), self._pop()
        self.stack.append((first, second))

    def tuple3(self, _: Any) -> None:
        third, second, first = self._pop(), self._pop(), self._pop()
        self.stack.append((first, second, third))

    def append(self, _: Any) -> None:
        value = self._pop()
        _of(list, self._top()).append(value)

    def appends(self, _: Any) -> None:
        values = self._to_mark()
        _of(list, self._top()).extend(values)

    def add_items(self, _: Any) -> None:
        values = self._to_mark()
        _of(set, self._top()).update(values)

    def set_item(self, _: Any) -> None:
        value, key = self._pop(), self._pop()
        _of(Items, self._top())[key] = value

    def set_items(self, _: Any) -> None:
        taken = self._to_mark()
        _of(Items, self._top()).update(zip(taken[::2], taken[1::2], strict=True))

    def named(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(_known(module, name))

    def named_on_stack(self, _: Any) -> None:
        name, module = self._pop(), self._pop()
        self.stack.append(_known(_of(str, module), _of(str, name)))

    def reduce(self, _: Any) -> None:
        arguments, called = _of(tuple, self._pop()), _of(_Name, self._pop())
        maker = _MAKERS.get((called.module, called.name))
        if maker is None:
            raise FormatError(f"its pickle calls {called.module}.{called.name}, which is not read from files")
        self.stack.append(maker(self, *arguments))

    def build(self, _: Any) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, Items):
            target.attributes = state
        elif isinstance(target, Array):
            target.value = _array_of(*_of(tuple, state))
        elif isinstance(target, _Dtype):
            order = _of(tuple, state)[1]
            target.code = (order if order in ("<", ">") else "") + target.code
            target.finished()
        else:
            raise FormatError("its pickle changes an object that is not read from files")

    def persistent(self, _: Any) -> None:
        if self.storages is None:
            raise FormatError("its pickle refers to objects outside of it")
        self.stack.append(self.storages(_of(tuple, self._pop())))


def _of(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind):
        raise FormatError("its pickle is damaged: it takes one kind of object for another")
    return value


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.dup,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "EMPTY_DICT": _Machine.empty_dict,
    "EMPTY_LIST": _Machine.empty_list,
    "EMPTY_SET": _Machine.empty_set,
    "DICT": _Machine.dictionary,
    "LIST": _Machine.sequence,
    "TUPLE": _Machine.tuple_to_mark,
    "TUPLE1": _Machine.tuple1,
    "TUPLE2": _Machine.tuple2,
    "TUPLE3": _Machine.tuple3,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "ADDITEMS": _Machine.add_items,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.named,
    "STACK_GLOBAL": _Machine.named_on_stack,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.reduce,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
}


def _known(module: str, name: str) -> _Name:
    if (module, name) not in _MAKERS and (module, name) not in _NAMES:
        raise FormatError(
            f"its pickle names {module[:60]}.{name[:60]}, which is not read from files",
            "Inscape reads weights, never code. Save a state dict of the network instead.",
        )
    return _Name(module, name)


def _items(machine: _Machine, *arguments: Any) -> Items:
    made = Items()
    for argument in arguments:
        made.update(argument)
    return made


def _record(machine: _Machine, meta: Any) -> Record:
    meta = _of(Items, meta)
    return Record(
        str(meta["type"]),
        int(meta["version"]),
        _of(str, meta["module_src"]),
        _of(str, meta["class_name"]),
        _of(Items, meta["state"]),
    )


def _tensor(machine: _Machine, storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Any:
    """A view of a storage; None while the storage has no data yet."""
    import torch

    storage = _of(_Storage, storage)
    sizes = [_count(number) for number in _of(tuple, size)]
    strides = [_count(number) for number in _of(tuple, stride)]
    reach, numel = _count(offset), 1
    if len(sizes) != len(strides) or len(sizes) > 16:
        raise FormatError("a tensor has other sizes than strides")
    for length, step in zip(sizes, strides, strict=True):
        reach, numel = reach + max(0, length - 1) * step, numel * length
    if numel and (reach >= storage.numel or numel > storage.numel):
        raise FormatError("a tensor reaches beyond its data")
    if storage.data is None:
        return None
    if storage.numel == 0:
        return torch.empty(sizes, dtype=storage.dtype)
    flat = torch.frombuffer(storage.data, dtype=storage.dtype)
    return flat.as_strided(sizes, strides, offset)


def _parameter(machine: _Machine, tensor: Any, *_: Any) -> Any:
    return tensor


def _storage_in_bytes(machine: _Machine, data: Any) -> Any:
    """What `torch.save` wrote inside another pickle."""
    if machine.nested:
        raise FormatError("archives lie in one another too deep")
    view = memoryview(bytearray(data)) if isinstance(data, bytes) else _of(memoryview, data)
    window = _Window(view)
    if bytes(view[:4]) == b"PK\x03\x04":
        return _archive(view, machine.budget, machine.limits, nested=True)
    first = _Machine(window, machine.budget, machine.limits, nested=True).run()
    if type(first) is not int or first != _LEGACY_MAGIC:
        raise FormatError("a storage in it is damaged")
    return _legacy(window, machine.budget, machine.limits, nested=True)


def _dtype(machine: _Machine, code: Any, *_: Any) -> _Dtype:
    made = _Dtype(_of(str, code))
    made.finished()
    return made


def _scalar(machine: _Machine, dtype: Any, data: Any) -> Any:
    import numpy as np

    data = data.encode("latin1") if isinstance(data, str) else data
    (value,) = np.frombuffer(_of(bytes, data), _of(_Dtype, dtype).finished()).tolist()
    return value


def _empty_array(machine: _Machine, *_: Any) -> Array:
    return Array()


def _array_of(version: Any, shape: Any, dtype: Any, fortran: Any, data: Any) -> Any:
    import numpy as np

    data = data.encode("latin1") if isinstance(data, str) else data
    sizes = tuple(_count(number) for number in _of(tuple, shape))
    values = np.frombuffer(data, _of(_Dtype, dtype).finished())
    return values.reshape(sizes, order="F" if fortran else "C")


def _encoded(machine: _Machine, text: Any, encoding: Any) -> bytes:
    """How protocol 2 writes bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise FormatError("its pickle is damaged: bytes in an unknown encoding")
    return bytes(_of(str, text).encode("latin1"))


def _tuple(machine: _Machine, values: Any = ()) -> tuple[Any, ...]:
    return tuple(values)


def _set(machine: _Machine, values: Any = ()) -> set[Any]:
    return set(_of(list, values))


def _device(machine: _Machine, *parts: Any) -> str:
    return ":".join(str(part) for part in parts)


def _count(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 48:
        raise FormatError("a size in it is no whole number from 0")
    return number


_MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _items,
    ("dnnlib.util", "EasyDict"): _items,
    ("argparse", "Namespace"): _items,
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): _record,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch.nn.parameter", "Parameter"): _parameter,
    ("torch.storage", "_load_from_bytes"): _storage_in_bytes,
    ("torch", "Size"): _tuple,
    ("torch", "device"): _device,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encoded,
    ("builtins", "set"): _set,
    ("__builtin__", "set"): _set,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _MAKERS[_module, "scalar"] = _scalar
    _MAKERS[_module, "_reconstruct"] = _empty_array
_DTYPES = {
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
}
_NAMES = {("numpy", "ndarray")} | {("torch", f"{kind}Storage") for kind in _DTYPES}


def _reference(pid: tuple[Any, ...]) -> tuple[Any, str, int]:
    """Dtype, key and number of values of a storage that a checkpoint refers to."""
    import torch

    kind, named, key, _, numel = pid[:5]
    if kind != "storage" or (len(pid) > 5 and pid[5] is not None):
        raise FormatError("it refers to something that is no storage")
    name = _of(_Name, named).name.removesuffix("Storage")
    if name not in _DTYPES:
        raise FormatError("a storage in it holds no numbers")
    return getattr(torch, _DTYPES[name]), str(key), _count(numel)


def _archive(view: memoryview, budget: _Budget, limits: PickleLimits, *, nested: bool = False) -> Any:
    """The object in a zip archive of `torch.save`."""
    found = _entries(view, limits)
    pickles = [name for name in found if name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        raise FormatError("it is an archive, but none that torch.save writes")
    prefix = pickles[0].removesuffix("data.pkl")
    if bytes(found.get(f"{prefix}byteorder", memoryview(b"little"))).strip() != b"little":
        raise FormatError("its numbers are stored with the highest byte first")
    known: dict[str, _Storage] = {}

    def storage(pid: tuple[Any, ...]) -> _Storage:
        dtype, key, numel = _reference(pid)
        data = found.get(f"{prefix}data/{key}")
        if data is None or len(data) != numel * dtype.itemsize:
            raise FormatError("a storage in it is missing or has another size than it says")
        return known.setdefault(key, _Storage(dtype, numel, data))

    window = _Window(found[pickles[0]])
    return _Machine(window, budget, limits, storage, nested=nested).run()


def _entries(view: memoryview, limits: PickleLimits) -> dict[str, memoryview]:
    """The files of an archive as views; nothing is unpacked."""
    found: dict[str, memoryview] = {}
    with zipfile.ZipFile(_Seekable(view)) as archive:
        listed = archive.infolist()
    if len(listed) > limits.entries:
        raise FormatError(f"it is an archive of more than {limits.entries} files")
    for entry in listed:
        start = entry.header_offset
        header = bytes(view[start : start + 30])
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise FormatError("it is a damaged archive")
        start += 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise FormatError("it is a compressed archive, which torch.save does not write")
        data = view[start : start + entry.file_size]
        if len(data) != entry.file_size or entry.filename in found or zlib.crc32(data) != entry.CRC:
            raise FormatError(f"it is a damaged archive: {entry.filename[:80]!r}")
        found[entry.filename] = data
    return found


class _Seekable(_Window):
    """A file as `zipfile` reads it."""

    def seek(self, to: int, whence: int = 0) -> int:
        self.at = max(0, to + (0, self.at, len(self.view))[whence])
        return self.at

    def read(self, count: int = -1) -> bytes:
        return super().read(len(self.view) if count < 0 else count)

    def seekable(self) -> bool:
        return True


def _legacy(window: _Window, budget: _Budget, limits: PickleLimits, *, nested: bool = False) -> Any:
    """The object in the older form of `torch.save`: pickles one after the other, then the storages.

    The object is read twice, first for what storages it refers to, then with them.
    """
    known: dict[str, _Storage] = {}

    def storage(pid: tuple[Any, ...]) -> _Storage:
        dtype, key, numel = _reference(pid)
        return known.setdefault(key, _Storage(dtype, numel))

    def run() -> Any:
        return _Machine(window, budget, limits, storage, nested=nested).run()

    if run() != 1001:
        raise FormatError("it was written by an unknown version of torch.save")
    if _of(Items, run()).get("little_endian") is not True:
        raise FormatError("its numbers are stored with the highest byte first")
    start = window.tell()
    run()
    for key in _of(list, run()):
        numel = int.from_bytes(window.read(8), "little")
        if key not in known or numel != known[key].numel:
            raise FormatError("a storage in it is missing or has another size than it says")
        end = window.tell() + numel * known[key].dtype.itemsize
        known[key].data = window.view[window.tell() : end]
        if end > len(window.view):
            raise FormatError("it ends too early")
        window.at = end
    if any(one.data is None for one in known.values()):
        raise FormatError("a storage in it is missing or has another size than it says")
    window.at = start
    return run()
