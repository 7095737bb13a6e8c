"""Copies of GGUF files with other weights, by the writer of the package `gguf`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType, GGUFWriter, LlamaFileType

from inscape.models.formats._gguf_reader import FastReader

if TYPE_CHECKING:
    from torch import Tensor

_ARCHITECTURE, _KIND, _QUANTIZED = "general.architecture", "general.file_type", "general.quantization_version"


def write_copy(template: Path, path: Path, tensor: Callable[[str], Tensor], half: bool) -> None:
    """Write a file with the metadata and the names of another one.

    Args:
        template: The other file.
        path: The file to write.
        tensor: Gives a tensor, by its name, in float32.
        half: Whether matrices are written in float16; vectors never are.
    """
    reader = FastReader(template)
    writer = GGUFWriter(path, str(reader.fields[_ARCHITECTURE].contents()))
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in (_ARCHITECTURE, _KIND, _QUANTIZED):
            continue
        kind = field.types[0]
        inside = field.types[-1] if kind == GGUFValueType.ARRAY else None
        if (value := field.contents()) != []:
            writer.add_key_value(field.name, value, kind, sub_type=inside)
    writer.add_file_type(LlamaFileType.MOSTLY_F16 if half else LlamaFileType.ALL_F32)
    forms = {
        each.name: np.dtype(np.float16 if half and len(each.shape) > 1 else np.float32)
        for each in reader.tensors
    }
    for each in reader.tensors:
        form, shape = forms[each.name], [int(size) for size in reversed(each.shape)]
        kind_of = GGMLQuantizationType.F16 if form == np.float16 else GGMLQuantizationType.F32
        size = int(np.prod(shape)) * form.itemsize
        writer.add_tensor_info(each.name, shape, form, size, raw_dtype=kind_of)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for each in reader.tensors:  # one at a time, so that memory holds no second copy of them all
        writer.write_tensor_data(tensor(each.name).numpy().astype(forms[each.name]))
    writer.close()
