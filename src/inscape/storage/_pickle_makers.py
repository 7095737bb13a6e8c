"""What pickles may name, and what is made of it. Nothing else is ever resolved, and nothing is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from inscape.errors import FormatError
from inscape.storage._pickled import Array, Dtype, Items, Name, Record, Storage, Text, count, of

if TYPE_CHECKING:
    from torch import Tensor


class Reader(Protocol):
    """What reads the pickle that asks for an object."""

    texts: list[Text]

    def embedded(self, view: memoryview) -> object:
        """What `torch.save` wrote inside this pickle."""


def known(module: str, name: str) -> Name:
    if (module, name) not in MAKERS and (module, name) not in NAMES:
        raise FormatError(
            f"its pickle names {module[:60]}.{name[:60]}, which is not read from files",
            "Inscape reads weights, never code. Save a state dict of the network instead.",
        )
    return Name(module, name)


def _items(reader: Reader, *arguments: Mapping[object, object]) -> Items:
    made = Items()
    for argument in arguments:
        made.update(argument)
    return made


def _record(reader: Reader, value: object) -> Record:
    meta = of(Items, value)
    return Record(
        str(meta["type"]),
        int(meta["version"]),
        of(str, meta["module_src"]),
        of(str, meta["class_name"]),
        of(Items, meta["state"]),
    )


def _tensor(
    reader: Reader, held: object, offset: object, size: object, stride: object, *_: object
) -> Tensor | None:
    """A view of a storage; None while the storage has no data yet."""
    import torch

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


def _storage_in_bytes(reader: Reader, data: object) -> object:
    return reader.embedded(memoryview(bytearray(data)) if isinstance(data, bytes) else of(memoryview, data))


def _dtype(reader: Reader, code: object, *_: object) -> Dtype:
    made = Dtype(of(str, code))
    made.finished()
    return made


def _scalar(reader: Reader, dtype: object, data: str | bytes) -> object:
    import numpy as np

    data = data.encode("latin1") if isinstance(data, str) else data
    (value,) = np.frombuffer(data, of(Dtype, dtype).finished()).tolist()
    return value


def _empty_array(reader: Reader, *_: object) -> Array:
    return Array()


def _encoded(reader: Reader, text: object, encoding: object) -> bytes | memoryview:
    """How protocol 2 writes bytes. Those of a long text can be changed, and `Foreign.save` writes them."""
    if encoding not in ("latin1", "latin-1"):
        raise FormatError("its pickle is damaged: bytes in an unknown encoding")
    if not isinstance(text, Text):
        return of(str, text).encode("latin1")
    if text.data is None:
        text.data = bytearray(text.encode("latin1"))
        reader.texts.append(text)
    return memoryview(text.data)


def _tuple(reader: Reader, values: Iterable[object] = ()) -> tuple[object, ...]:
    return tuple(values)


def _set(reader: Reader, values: object = ()) -> set[object]:
    return set(of(list, values))


def _device(reader: Reader, *parts: object) -> str:
    return ":".join(str(part) for part in parts)


MAKERS: dict[tuple[str, str], Callable[..., object]] = {
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
    MAKERS[_module, "scalar"] = _scalar
    MAKERS[_module, "_reconstruct"] = _empty_array
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
