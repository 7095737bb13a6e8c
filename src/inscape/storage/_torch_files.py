"""The two containers of `torch.save`: zip archives, and the older form, where storages follow a pickle."""

from __future__ import annotations

import mmap
import zipfile
import zlib
from typing import TYPE_CHECKING

from inscape.errors import FormatError
from inscape.storage._pickle_machine import Budget, Machine, Window
from inscape.storage._pickle_makers import DTYPES
from inscape.storage._pickled import Items, Name, PickleLimits, Placeholder, Storage, count, of

if TYPE_CHECKING:
    import torch

_CHUNK = 4 << 20
_CHECKSUM_FOLLOWS = 8  # a flag: the checksum stands behind the file instead of before it
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


def _reference(pid: tuple[object, ...]) -> tuple[torch.dtype, str, int]:
    """Dtype, key and number of values of a storage that a checkpoint refers to."""
    import torch

    kind, named, key, _, numel = pid[:5]
    if kind != "storage" or (len(pid) > 5 and pid[5] is not None):
        raise FormatError("it refers to something that is no storage")
    name = of(Name, named).name.removesuffix("Storage")
    if name not in DTYPES:
        raise FormatError("a storage in it holds no numbers")
    return getattr(torch, DTYPES[name]), str(key), count(numel)


def embedded(view: memoryview, budget: Budget, limits: PickleLimits) -> object:
    """The object that `torch.save` wrote inside another pickle, in either container."""
    window = Window(view)
    if bytes(view[:4]) == b"PK\x03\x04":
        return archive(view, budget, limits, nested=True)
    first = Machine(window, budget, limits).run()
    if type(first) is not int or first != LEGACY_MAGIC:
        raise FormatError("a storage in it is damaged")
    return legacy(window, budget, limits, nested=True)


def archive(view: memoryview, budget: Budget, limits: PickleLimits, *, nested: bool = False) -> object:
    """The object in a zip archive of `torch.save`."""
    found = _entries(view, limits)
    pickles = [name for name in found if name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        raise FormatError("it is an archive, but none that torch.save writes")
    prefix = pickles[0].removesuffix("data.pkl")
    if bytes(found.get(f"{prefix}byteorder", memoryview(b"little"))).strip() != b"little":
        raise FormatError("its numbers are stored with the highest byte first")
    known: dict[str, Storage] = {}

    def storage(pid: tuple[object, ...]) -> Storage | Placeholder:
        if len(pid) > 1 and isinstance(pid[1], Placeholder):
            return pid[1]
        dtype, key, numel = _reference(pid)
        data = found.get(f"{prefix}data/{key}")
        if data is None or len(data) != numel * dtype.itemsize:
            raise FormatError("a storage in it is missing or has another size than it says")
        return known.setdefault(key, Storage(dtype, numel, data))

    window = Window(found[pickles[0]])
    return Machine(window, budget, limits, storage, archives=None if nested else embedded).run()


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
        if (
            len(data) != entry.file_size
            or entry.filename in found
            or _checksum(view, start, len(data)) != entry.CRC
        ):
            raise FormatError(f"it is a damaged archive: {entry.filename[:80]!r}")
        found[entry.filename] = data
    return found


def _checksum(view: memoryview, start: int, length: int) -> int:
    """CRC-32 of a part of a file, which has not been written to. The pages that it reads are given back.

    Memory then holds what is used of a checkpoint, and not the whole training run around it.
    """
    value, end = 0, start + length
    mapped = view.obj if isinstance(view.obj, mmap.mmap) and len(view.obj) == len(view) else None
    for at in range(start, end, _CHUNK):
        stop = min(end, at + _CHUNK)
        value = zlib.crc32(view[at:stop], value)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            first = at // mmap.PAGESIZE * mmap.PAGESIZE
            mapped.madvise(mmap.MADV_DONTNEED, first, stop - first)
    return value


def refresh_checksums(view: memoryview) -> None:
    """Make the checksums of an archive those of its files as they are now, in all the places they stand."""
    with zipfile.ZipFile(_Seekable(view)) as archive:
        listed, at = archive.infolist(), archive.start_dir
    for entry in listed:
        start = entry.header_offset
        name, extra = (
            int.from_bytes(view[start + place : start + place + 2], "little") for place in (26, 28)
        )
        first = start + 30 + name + extra
        checksum = zlib.crc32(view[first : first + entry.file_size]).to_bytes(4, "little")
        if entry.flag_bits & _CHECKSUM_FOLLOWS:
            end = first + entry.file_size
            end += 4 if bytes(view[end : end + 4]) == b"PK\x07\x08" else 0
            view[end : end + 4] = checksum
        else:
            view[start + 14 : start + 18] = checksum
        view[at + 16 : at + 20] = checksum
        at += 46 + _short(view, at + 28) + _short(view, at + 30) + _short(view, at + 32)


def _short(view: memoryview, at: int) -> int:
    return int.from_bytes(view[at : at + 2], "little")


class _Seekable(Window):
    """A file as `zipfile` reads it."""

    def seek(self, to: int, whence: int = 0) -> int:
        self.at = max(0, to + (0, self.at, len(self.view))[whence])
        return self.at

    def read(self, count: int = -1) -> bytes:
        return super().read(len(self.view) if count < 0 else count)

    def seekable(self) -> bool:
        return True


def legacy(window: Window, budget: Budget, limits: PickleLimits, *, nested: bool = False) -> object:
    """The object in the older form of `torch.save`: pickles one after the other, then the storages.

    The object is read twice, first for what storages it refers to, then with them.
    """
    known: dict[str, Storage] = {}

    def storage(pid: tuple[object, ...]) -> Storage:
        dtype, key, numel = _reference(pid)
        return known.setdefault(key, Storage(dtype, numel))

    def run() -> object:
        return Machine(window, budget, limits, storage, archives=None if nested else embedded).run()

    if run() != 1001:
        raise FormatError("it was written by an unknown version of torch.save")
    if of(Items, run()).get("little_endian") is not True:
        raise FormatError("its numbers are stored with the highest byte first")
    start = window.tell()
    run()
    for key in of(list, run()):
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
