"""Hostile files: every way to ask for code, everywhere that a checkpoint can hold it, and what swells."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

from test_pickles import BROKEN, CALLS

ORDERED = b"ccollections\nOrderedDict\n"
_MANY = 40_000


def text(value: str) -> bytes:
    """A string on the stack."""
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def archive(content: bytes) -> bytes:
    """A pickle in an archive as torch.save writes it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("x/data.pkl", content)
    return stream.getvalue()


def bombs() -> dict[str, bytes]:
    """Short files that ask for much memory."""
    numbers = [b"J" + struct.pack("<i", number) for number in range(50_000)]
    large = b"(" + b"".join(numbers)
    return {
        "empty dictionaries": b"(" + b"}" * 100_000 + b"t.",
        "sets": b"(" + b"\x8f" * 100_000 + b"t.",
        "objects": b"(" + (b"cfoo\nBar\n)R" * _MANY) + b"t.",
        "objects with entries": b"(" + (b"cfoo\nBar\nNNs" * _MANY) + b"t.",
        "copies of a list": large + b"lq\x000(" + (b"ctorch\nSize\nh\x00\x85R" * 20_000) + b"t.",
        "copies of a set": large + b"lq\x000(" + (b"cbuiltins\nset\nh\x00\x85R" * 20_000) + b"t.",
        "copies of a dictionary": b"("
        + b"N".join(numbers)
        + b"Ndq\x000("
        + (ORDERED + b"h\x00\x85R") * 20_000
        + b"t.",
        "copies of bytes": text("x" * (1 << 22))
        + b"q\x00"
        + text("latin1")
        + b"q\x010("
        + (b"c_codecs\nencode\nh\x00h\x01\x86R" * 20_000)
        + b"t.",
        "copies of arrays": b"(" + (b"cnumpy.core.multiarray\n_reconstruct\n)R" * _MANY) + b"t.",
        "a list in itself": b"]q\x00(" + b"h\x00" * 10 + b"e.",
    }


def files() -> Iterator[tuple[str, bytes]]:
    """Every file with its name."""
    for name, content in CALLS.items():
        yield f"{name}, alone", b"\x80\x04" + content
        asked = content[:-1]
        beside = b"\x80\x04}" + text("G_ema") + asked + b"s" + text("state_dict") + b"}s."
        yield f"{name}, in a dictionary", beside
        yield f"{name}, in an archive", archive(beside)
        inside = b"\x80\x04}" + text("main.0.weight") + asked + b"s" + text("main.1.weight") + asked + b"s."
        yield f"{name}, for a tensor", archive(inside)
        yield f"{name}, in a module", b"\x80\x04cmodels\nG\n)\x81}" + text("_modules") + asked + b"sb."
    yield from (("broken: " + name, content) for name, content in BROKEN.items())
    yield from (("bomb: " + name, content) for name, content in bombs().items())
