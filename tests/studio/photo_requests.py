"""What the page Photo asks of the studio, and the photos that tests bring."""

from __future__ import annotations

import io
import time

import numpy as np
from PIL import Image

from inscape.regions import Region
from photos.painted_photo import some_photo
from studio.messages import add

WIDE = (400, 256)
CROP = {"mode": "crop", "x": 60.0, "y": 0.0, "width": 256.0, "height": 256.0}


def photo_bytes(size: tuple[int, int] = WIDE, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(some_photo(size=size).pixels).save(stream, kind)
    return stream.getvalue()


def box_mask(x: int, y: int, side: int, size: int = 16) -> dict:
    mask = np.zeros((size, size), np.float32)
    mask[y : y + side, x : x + side] = 1
    return Region.from_mask(mask).to_json()


def bring(client, name: str = "house.png", data: bytes | None = None) -> dict:
    answer = client.post("/api/photos", params={"name": name}, content=data or photo_bytes())
    assert answer.status_code == 201, answer.text
    return answer.json()


def invert(client, photo: dict, seconds: float = 2, **changes) -> dict:
    body = {"model": "small", "seconds": seconds, "fit": CROP} | changes
    answer = client.post(f"/api/photos/{photo['id']}/inversion", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def info(client, photo: dict) -> dict:
    return client.get(f"/api/photos/{photo['id']}").json()


def until(client, photo: dict, holds, seconds: float = 60) -> dict:
    """The photo once something holds of it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = info(client, photo)
        if holds(now):
            return now
        time.sleep(0.05)
    raise AssertionError(f"it never came to that: {info(client, photo)}")


def ready(client, photo: dict) -> dict:
    return until(client, photo, lambda now: now["state"] == "ready")


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def painting_on(client, photo: dict, operations: list[dict]) -> dict:
    body = {"model": "small", "seed": 0, "photo": photo["id"], "operations": operations}
    answer = client.post("/api/paintings", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def exported(client, painting: dict) -> np.ndarray:
    answer = client.get(f"/api/paintings/{painting['id']}/export.png")
    assert answer.status_code == 200, answer.text
    return pixels_of(answer.content)


def strong(number: int, x: int, y: int, side: int = 3, **changes) -> dict:
    """A stroke that changes much, with units chosen by hand."""
    chosen = {"concept": None, "units": [0, 1, 2, 3], "values": [9.0, -9.0, 9.0, -9.0]}
    return add(number, region=box_mask(x, y, side), **(chosen | changes))
