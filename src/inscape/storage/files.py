"""Atomic files, and caches keyed by content."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.errors import FormatError, StorageError
from inscape.types import JsonObject

if TYPE_CHECKING:
    import torch


logger = logging.getLogger("inscape")
_SAFETENSORS_KINDS = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}


def home() -> Path:
    """The user's data folder of Inscape; the environment variable `INSCAPE_HOME` moves it."""
    moved = os.environ.get("INSCAPE_HOME")
    if moved:
        return Path(moved).expanduser()
    from platformdirs import user_data_path

    return user_data_path("inscape", appauthor=False)


def cache_folder() -> Path:
    """Where results that can be computed again are kept: `home()/cache`."""
    return home() / "cache"


def content_key(*parts: object) -> str:
    """A short key that changes when any part does: 20 hexadecimal digits of SHA-256.

    Args:
        parts: Anything JSON can hold, and bytes.
    """
    digest = hashlib.sha256()
    for part in parts:
        blob = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True, default=str).encode()
        digest.update(len(blob).to_bytes(8, "little") + blob)
    return digest.hexdigest()[:20]


def file_hash(path: Path, advance: Callable[[int], object] = lambda blocks: None) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; `advance` is called after each MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            advance(1)
    return digest.hexdigest()


def file_state(path: Path) -> JsonObject:
    """Where a file is, `path`, and what changes when it does, `bytes` and `changed`: plain JSON.

    Raises:
        OSError: There is none.
    """
    whole = path.resolve()
    known = whole.stat()
    return {"path": str(whole), "bytes": known.st_size, "changed": known.st_mtime_ns}


def _storage_error(path: Path, error: OSError) -> StorageError:
    if error.errno == errno.ENOSPC:
        return StorageError(
            f"The disk that holds {path} is full.", "Free some space or choose another --out."
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return StorageError(f"{path} cannot be written: permission denied.", "Choose another --out.")
    if isinstance(error, NotADirectoryError | FileExistsError):
        return StorageError(f"{path} cannot be written: a file stands where a folder is needed.")
    return StorageError(f"{path} cannot be written: {error.strerror or error}.")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the system says of a place that cannot be written, in one sentence.

    Raises:
        StorageError: In place of any `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise _storage_error(path, error) from error


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the place of `path` when the block succeeds.

    On any error, Ctrl-C included, the temporary file is removed and `path` stays as it was.

    Raises:
        StorageError: The folder cannot be written, or the disk is full.
    """
    path = Path(path)
    if path.name in ("", ".."):
        raise StorageError(f"{str(path)!r} is a folder, and a file was expected.", "Name a file.")
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; it takes the place of `path` when the block succeeds.

    A folder that was there before is replaced as a whole, and only then; of a link, the folder that it
    leads to.

    Raises:
        StorageError: The parent cannot be written, or the disk is full.
    """
    path = Path(path).resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if path.exists():
            old = path.with_name(f"{temporary.name}.old")
            path.replace(old)
            try:
                temporary.replace(path)
            except OSError:
                old.replace(path)
                raise
            shutil.rmtree(old, ignore_errors=True)
        else:
            temporary.replace(path)
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_writable(path: Path | str) -> None:
    """Refuse a place where nothing can be written, before the work whose result it is for.

    Raises:
        StorageError: The folder that it would be made in cannot be written, or is a file.
    """
    path = Path(path)
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise _storage_error(path, NotADirectoryError())
    if not os.access(above, os.W_OK | os.X_OK):
        raise _storage_error(path, PermissionError())


def keep(path: Path, write: Callable[[], object]) -> None:
    """Write what a cache is to hold; where that fails, say so and go on: nothing but time is lost.

    Args:
        path: What is written.
        write: Writes it.
    """
    try:
        write()
    except StorageError as error:
        logger.warning("%s The result is not kept there, and is computed again next time.", error.detail)


def save_or_rescue(*results: tuple[Path, Callable[[Path], object]]) -> None:
    """Save results; what cannot be saved is saved where there is room, and the error says where.

    Args:
        results: The file or folder that was asked for, and what writes the result to a path.

    Raises:
        StorageError: One could not be saved where it was asked for. All others were.
    """
    failed: list[StorageError] = []
    for path, save in results:
        try:
            save(path)
        except StorageError as error:
            failed.append(_rescued(path, save, error))
    if failed:
        raise StorageError(" ".join(error.detail for error in failed), failed[0].hint) from failed[0]


def _rescued(path: Path, save: Callable[[Path], object], error: StorageError) -> StorageError:
    """What to say once a result was saved elsewhere: beside the caches, or among temporary files."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}-{path.name}"
    for folder in (home() / "rescued", Path(tempfile.gettempdir()) / "inscape-rescued"):
        with suppress(StorageError):
            save(folder / name)
            return StorageError(f"{error.detail} The result was saved to {folder / name} instead.")
    return error


@contextmanager
def scratch_file(folder: Path) -> Iterator[Path]:
    """Yield a path in a folder for a file that is gone when the block ends.

    Raises:
        StorageError: The folder cannot be written, or the disk is full.
    """
    path = folder / f".{os.getpid()}-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield path
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def write_bytes(path: Path | str, data: bytes | memoryview) -> Path:
    """Write a file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return Path(path)


def write_text(path: Path | str, text: str) -> Path:
    """Write a text file (UTF-8) atomically."""
    return write_bytes(path, text.encode())


def write_json(path: Path | str, value: object, *, indent: int | None = 1) -> Path:
    """Write a JSON document atomically. NaN is refused."""
    return write_text(path, json.dumps(value, indent=indent, allow_nan=False) + "\n")


def read_text(path: Path | str) -> str:
    """Read a text file as any editor saves it: UTF-8 with or without a byte-order mark, any line endings.

    Raises:
        FormatError: The file is missing or is not UTF-8.
    """
    path = Path(path)
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise FormatError(
            f"{path} is not text in UTF-8: {error}.", "Save it again with the encoding UTF-8."
        ) from error


def read_json(path: Path | str) -> Any:
    """Read a JSON document.

    Raises:
        FormatError: The file is missing or is not JSON.
    """
    path = Path(path)
    text = read_text(path)
    try:
        return json.loads(text)
    except ValueError as error:
        raise FormatError(f"{path} is not a JSON document: {error}.") from error


def save_tensors(
    path: Path | str, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> Path:
    """Write tensors as one safetensors file atomically.

    Args:
        path: Where to write.
        tensors: Any dtypes; made contiguous and moved to the CPU.
        metadata: Text that the file carries.
    """
    import torch

    plain = sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))
    header: JsonObject = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, tensor in plain:
        end = at + tensor.numel() * tensor.element_size()
        kind = _SAFETENSORS_KINDS[str(tensor.dtype).removeprefix("torch.")]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = Path(path)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in plain:  # one at a time, so that memory holds no second copy of them all
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            stream.write(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
    return path


def load_tensors(path: Path | str) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read a safetensors file by memory map.

    Returns:
        The tensors, and the text that the file carries.

    Raises:
        FormatError: The file is missing, truncated or of another format.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FormatError(f"There is no file {path}.")
    try:
        with safe_open(str(path), framework="pt") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            return tensors, dict(stream.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise FormatError(
            f"{path} is not a whole safetensors file: {error}.", "Copy or download the file again."
        ) from error
