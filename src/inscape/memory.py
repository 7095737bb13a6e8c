"""Keep freed memory for the next tensors, if the C library supports it."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT = 1 << 30
_STEP = 64 << 20


def keep_freed_memory() -> bool:
    """Ask the allocator of this process to keep what is freed, up to 1 GB of it.

    glibc gives every large block back to the system when it is freed, and the system clears each of its pages
    when it is asked for again. Layers of 256 pixels and more output blocks of 30 MB each time they run: half
    of the time of a stroke there went into clearing pages. The command line and the studio call this when
    they start; a program that paints on large pictures may do so too. It concerns the whole process, and
    cannot be taken back.

    Returns:
        Whether the allocator accepted it. It does not on systems without glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = {_TRIM_THRESHOLD: _KEPT, _TOP_PAD: _STEP, _MMAP_THRESHOLD: _KEPT}
    return all(mallopt(name, value) == 1 for name, value in settings.items())
