"""Files that are either whole or not there, caches, and the one safe reader of foreign pickles."""

from inscape.storage.files import (
    atomic_folder,
    atomic_path,
    cache_folder,
    content_key,
    file_hash,
    file_state,
    home,
    load_tensors,
    read_json,
    save_tensors,
    scratch_file,
    write_bytes,
    write_json,
    write_text,
)
from inscape.storage.pickles import Array, Foreign, PickleLimits, Record, read_pickle

__all__ = [
    "Array",
    "Foreign",
    "PickleLimits",
    "Record",
    "atomic_folder",
    "atomic_path",
    "cache_folder",
    "content_key",
    "file_hash",
    "file_state",
    "home",
    "load_tensors",
    "read_json",
    "read_pickle",
    "save_tensors",
    "scratch_file",
    "write_bytes",
    "write_json",
    "write_text",
]
