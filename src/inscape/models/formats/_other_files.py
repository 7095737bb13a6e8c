"""Files that are no checkpoints, by their first bytes: what they are, and the way out."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from inscape.errors import FormatError

_AGAIN = "Download the file again, and check its size."
_UNPACK = "Unpack it, and open the checkpoint in it."
_EXPORT = "Export the state dict of the network from the program that it comes from, with torch.save."
_HEADS: tuple[tuple[bytes, str, str], ...] = (
    (rb"\s*<(!doctype|html|\?xml)", "is a web page, not a checkpoint", _AGAIN),
    (rb"\x1f\x8b", "is an archive (gzip)", _UNPACK),
    (rb"BZh", "is an archive (bzip2)", _UNPACK),
    (rb"\xfd7zXZ", "is an archive (xz)", _UNPACK),
    (rb"\x28\xb5\x2f\xfd", "is an archive (zstd)", _UNPACK),
    (rb"7z\xbc\xaf", "is an archive (7z)", _UNPACK),
    (rb"Rar!", "is an archive (rar)", _UNPACK),
    (rb".{257}ustar", "is an archive (tar)", _UNPACK),
    (rb"\x89HDF\r\n", "is an HDF5 file, as Keras and TensorFlow write", _EXPORT),
    (rb"\x08[\x01-\x20][\x12\x1a].{0,32}?(pytorch|onnx|tf2onnx|keras)", "is an ONNX model", _EXPORT),
    (rb".{4}TFL3", "is a TensorFlow Lite model", _EXPORT),
    (rb"\x93NUMPY", "is an array of NumPy, not a network", "Save the tensors by name, with torch.save."),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "is a picture, not a checkpoint", "`inscape invert` takes photos."),
    (rb"\s*\{\s*\"", "is a JSON file, not a checkpoint", "Name the file of the weights, or its folder."),
)
_POINTER = re.compile(rb"version https://git-lfs.*?\nsize (\d+)", re.DOTALL)


def refuse_other_file(path: Path) -> None:
    """Refuse a file that is known to be something else, or only the beginning of a checkpoint.

    Raises:
        FormatError: It is; the message names the file, what it is and what to do.
    """
    with path.open("rb") as stream:
        head = stream.read(512)
    if pointer := _POINTER.match(head):
        raise FormatError(
            f"{path} is a Git LFS pointer to a file of {int(pointer[1]):,} bytes, which is not here.",
            "Fetch it with `git lfs pull`, or download the file itself.",
        )
    for pattern, title, hint in _HEADS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            raise FormatError(f"{path} {title}.", hint)
    if head[:4] == b"PK\x03\x04":
        _refuse_other_archive(path)
    elif head[8:9] == b"{":
        _refuse_cut_tensors(path, int.from_bytes(head[:8], "little"))


def _refuse_other_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, UnicodeError) as error:
        raise FormatError(
            f"{path} cannot be read: it is a damaged archive of torch.save, or half a download "
            f"({path.stat().st_size:,} bytes are there).",
            _AGAIN,
        ) from error
    ends = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in ends and any("/code/" in name for name in names):
        raise FormatError(
            f"{path} is a TorchScript module, which is code.",
            "Save its tensors: torch.save(torch.jit.load(path).state_dict(), 'generator.pth').",
        )
    if "data.pkl" in ends:
        return
    if any(name.endswith(".npy") for name in names):
        raise FormatError(f"{path} holds arrays of NumPy (npz), not a network.", _EXPORT)
    if "config.json" in ends and "model.weights.h5" in ends:
        raise FormatError(f"{path} is a Keras model.", _EXPORT)
    inside = f" ({', '.join(repr(name) for name in names[:3])})" if names else ""
    raise FormatError(
        f"{path} cannot be read: it is an archive, but none that torch.save writes{inside}.", _UNPACK
    )


def _refuse_cut_tensors(path: Path, length: int) -> None:
    """Refuse a safetensors file that is shorter than its header says."""
    there = path.stat().st_size
    if not 2 <= length <= min(there, 100 << 20):
        return
    with path.open("rb") as stream:
        text = stream.read(8 + length)[8:]
    try:
        header = json.loads(text)
        ends = [each["data_offsets"][1] for name, each in header.items() if name != "__metadata__"]
        whole = 8 + length + max(ends, default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return
    if whole > there:
        raise FormatError(
            f"{path} is not a whole safetensors file: it has {there:,} of {whole:,} bytes.", _AGAIN
        )
