"""What pickles may name, and what is made of it. Nothing else is ever resolved, and nothing is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from inscape.errors import FormatError
from inscape.storage._pickled import Array, Dtype, Items, Name, Placeholder, Record, Storage, Text, count, of

if TYPE_CHECKING:
    from torch import Tensor


class Reader(Protocol):
    """What reads the pickle that asks for an object."""

    texts: list[Text]

    def embedded(self, view: memoryview) -> object:
        """What `torch.save` wrote inside this pickle."""

    def spend(self, count: int) -> None:
        """Count values that are copied as operations, of which a file has so many."""

    def copy(self, size: int) -> None:
        """Count bytes that are copied, of which a file has so many."""


def named(module: str, name: str) -> Name | Placeholder:
    """What stands for a name of a pickle: a placeholder where it is not one of those that are known.

    Raises:
        FormatError: It is a name that runs commands or code, which no checkpoint needs.
    """
    if (module, name) in MAKERS or (module, name) in NAMES:
        return Name(module, name)
    made = Placeholder(module, name)
    root = module.partition(".")[0]
    if root in _COMMANDS or (root in ("builtins", "__builtin__") and name in _RUNNING):
        raise unread(made)
    return made


def unread(made: Placeholder) -> FormatError:
    """The error where a pickle needs a name that is not read from files."""
    return FormatError(
        f"its pickle names {made.title}, which is not read from files",
        "Inscape reads weights, never code. Save a state dict of the network instead.",
    )


def _items(reader: Reader, *arguments: Mapping[object, object]) -> Items:
    made = Items()
    for argument in arguments:
        reader.spend(len(argument))
        made.update(argument)
    return made


def _items_by_default(reader: Reader, factory: object = None, *arguments: Mapping[object, object]) -> Items:
    return _items(reader, *arguments)


def _record(reader: Reader, value: object) -> Record | Placeholder:
    meta = of(Items, value)
    if meta["type"] != "class" or isinstance(meta.get("state"), Placeholder):
        return Placeholder("torch_utils.persistence", str(meta["type"])[:60])
    return Record(
        str(meta["type"]),
        int(meta["version"]),
        of(str, meta["module_src"]),
        of(str, meta["class_name"]),
        of(Items, meta["state"]),
    )


def _tensor(
    reader: Reader, held: object, offset: object, size: object, stride: object, *_: object
) -> Tensor | Placeholder | None:
    """A view of a storage; None while the storage has no data yet."""
    import torch

    if isinstance(held, Placeholder):
        return held

    storage = of(Storage, held)
    sizes = [count(number) for number in of(tuple, size)]
    strides = [count(number) for number in of(tuple, stride)]
    reach, numel = count(offset), 1
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
    return flat.as_strided(sizes, strides, count(offset))


def _parameter(reader: Reader, tensor: object, *_: object) -> object:
    return tensor


def _tensor_of_type(reader: Reader, maker: object, kind: object, arguments: object, *_: object) -> object:
    """A tensor with attributes of its own, which are left out."""
    if not isinstance(maker, Name) or maker.name not in ("_rebuild_tensor", "_rebuild_tensor_v2"):
        return Placeholder("torch._tensor", "_rebuild_from_type_v2")
    return _tensor(reader, *of(tuple, arguments))


def _storage_in_bytes(reader: Reader, data: object) -> object:
    if isinstance(data, bytes):
        reader.copy(len(data))
    return reader.embedded(memoryview(bytearray(data)) if isinstance(data, bytes) else of(memoryview, data))


def _dtype(reader: Reader, code: object, *_: object) -> Dtype | Placeholder:
    made = Dtype(of(str, code))
    try:
        made.finished()
    except FormatError:
        return Placeholder("numpy", "dtype")  # of objects, or of records
    return made


def _scalar(reader: Reader, dtype: object, data: str | bytes = b"") -> object:
    import numpy as np

    if isinstance(dtype, Placeholder):
        return dtype
    data = data.encode("latin1") if isinstance(data, str) else data
    (value,) = np.frombuffer(data, of(Dtype, dtype).finished()).tolist()
    return value


def _empty_array(reader: Reader, *_: object) -> Array:
    return Array()


def _array_of_buffer(reader: Reader, data: bytes, dtype: object, shape: object, order: object) -> Array:
    """How protocol 5 writes an array."""
    made = Array()
    made.fill(None, shape, dtype, order == "F", data)
    return made


def _encoded(reader: Reader, text: object, encoding: object) -> bytes | memoryview:
    """How protocol 2 writes bytes. Those of a long text can be changed, and `Foreign.save` writes them."""
    if encoding not in ("latin1", "latin-1"):
        raise FormatError("its pickle is damaged: bytes in an unknown encoding")
    if not isinstance(text, Text):
        reader.copy(len(of(str, text)))
        return of(str, text).encode("latin1")
    if text.data is None:
        reader.copy(len(text))
        text.data = bytearray(text.encode("latin1"))
        reader.texts.append(text)
    return memoryview(text.data)


def _tuple(reader: Reader, values: Sequence[object] = ()) -> tuple[object, ...]:
    reader.spend(len(values))
    return tuple(values)


def _set(reader: Reader, values: object = ()) -> set[object]:
    reader.spend(len(of(list, values)))
    return set(of(list, values))


def _device(reader: Reader, *parts: object) -> str:
    return ":".join(str(part) for part in parts)


MAKERS: dict[tuple[str, str], Callable[..., object]] = {
    ("collections", "OrderedDict"): _items,
    ("collections", "defaultdict"): _items_by_default,
    ("dnnlib.util", "EasyDict"): _items,
    ("argparse", "Namespace"): _items,
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): _record,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _tensor_of_type,
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
    MAKERS[_module, "scalar"] = _scalar
    MAKERS[_module, "_reconstruct"] = _empty_array
for _module in ("numpy.core.numeric", "numpy._core.numeric"):
    MAKERS[_module, "_frombuffer"] = _array_of_buffer
_COMMANDS = {"os", "posix", "nt", "subprocess", "pty", "runpy", "importlib", "socket", "webbrowser"}
_RUNNING = {"eval", "exec", "execfile", "compile", "__import__", "open", "breakpoint", "input"}
DTYPES = {
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
NAMES = {("numpy", "ndarray")} | {("torch", f"{kind}Storage") for kind in DTYPES}
