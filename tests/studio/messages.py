"""What a page would send."""

from __future__ import annotations

import json
import struct

import numpy as np

from inscape.regions import Region

PORT = 7860
TOKEN = "a-token-for-tests"


def mask_json(seed: int = 0, size: int = 16) -> dict:
    """A region with a random mask."""
    values = (np.random.RandomState(seed).rand(size, size) > 0.5).astype(np.float32)
    return Region.from_mask(values).to_json()


def stroke(number: int = 0, **changes) -> dict:
    """A stroke with the brush "light"."""
    base = {
        "id": f"s{number}",
        "layer": "layer16a",
        "concept": "light",
        "top": 3,
        "region": mask_json(number),
    }
    return base | changes


def add(number: int = 0, **changes) -> dict:
    """The operation that adds a stroke."""
    return {"kind": "stroke", "stroke": stroke(number, **changes)}


def start(client, count: int = 0, seed: int = 7) -> dict:
    """A painting with some strokes."""
    answer = client.post(
        "/api/paintings", json={"model": "small", "seed": seed, "operations": [add(n) for n in range(count)]}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def request_bytes(seq: int, mask: np.ndarray | None = None, *, final: bool = False, **changes) -> bytes:
    """A binary message to `/api/paint`."""
    live = None
    if mask is not None:
        live = {"layer": "layer16a", "concept": "light", "top": 3} | changes
        live |= {"height": mask.shape[0], "width": mask.shape[1]}
    header = json.dumps({"seq": seq, "final": final, "stroke": live}).encode()
    return (
        struct.pack("<I", len(header)) + header + (b"" if mask is None else mask.astype(np.uint8).tobytes())
    )


def frame(data: bytes) -> tuple[dict, bytes]:
    """Header and JPEG of a binary answer."""
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length]), data[4 + length :]
