"""Compressed TIFF files, decoded in a process of its own.

libtiff writes what it thinks of damaged files to the standard error of the process, past Python, where
nothing can hold it back without touching the whole process. So another one decodes, and hands over a TIFF
without compression.
"""

from __future__ import annotations

import subprocess
import sys

_SECONDS = 10
_DECODE = """
import io, sys
from PIL import Image
with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("TIFF",)) as image:
    image.load()
    out = io.BytesIO()
    image.save(out, "TIFF", compression="raw", icc_profile=image.info.get("icc_profile"), tiffinfo={})
sys.stdout.buffer.write(out.getbuffer())
"""


def uncompressed(data: bytes) -> bytes:
    """The first picture of a TIFF file, upright, as a TIFF file without compression.

    Raises:
        ValueError: It cannot be decoded.
    """
    try:
        line = [sys.executable, "-P", "-c", _DECODE]
        done = subprocess.run(line, input=data, capture_output=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ValueError("libtiff could not decode it") from error
    return done.stdout
