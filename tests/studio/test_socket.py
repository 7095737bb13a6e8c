from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image

import inscape
from inscape.dissection import DissectionReport
from inscape.models import open_model
from inscape.regions import Region
from inscape.studio.encoding import jpeg
from inscape.studio.pages.paint.socket import join, split
from studio.messages import PORT, frame, mask_json, request_bytes, stroke

MASK = ((np.random.RandomState(3).rand(16, 16) > 0.5) * 255).astype(np.uint8)


@pytest.fixture
def socket(client):
    with client.websocket_connect(f"ws://127.0.0.1:{PORT}/api/paint", headers=dict(client.headers)) as socket:
        yield socket


@pytest.fixture
def library(model_folder):
    """The same through the library alone."""
    return open_model(model_folder, device="cpu"), DissectionReport.load(model_folder / "report")


def ground(socket, keep=0, strokes=(), **changes):
    message = {"type": "ground", "model": "small", "seed": 7, "keep": keep, "strokes": list(strokes)}
    socket.send_json(message | changes)


def painted(library, *strokes, live=None, seed=7):
    model, report = library
    edits = [
        inscape.paint(
            report.units("light", top=3),
            Region.from_json(each["region"]),
            remove=each.get("mode") == "remove",
        )
        for each in strokes
    ]
    if live is not None:
        edits.append(inscape.paint(report.units("light", top=3), Region.from_mask(live)))
    return model.render(model.sample(seed).latent, edits).pixels


def test_the_jpeg_is_the_librarys_render(socket, library):
    ground(socket)
    socket.send_bytes(request_bytes(1, MASK, final=True))
    header, body = frame(socket.receive_bytes())
    expected = painted(library, live=MASK)
    assert (header["seq"], header["final"], header["width"], header["height"]) == (1, True, 32, 32)
    assert body == jpeg(expected)
    assert header["units"] == list(library[1].units("light", top=3).units)
    difference = np.abs(np.asarray(Image.open(io.BytesIO(body))).astype(int) - expected)
    assert difference.mean() < 6


def test_strokes_are_added_and_taken_back_on_the_ground(socket, library):
    strokes = [stroke(n, mode="remove" if n == 1 else "draw") for n in range(3)]
    ground(socket, strokes=strokes[:1])
    ground(socket, keep=1, strokes=strokes[1:])
    for seq, keep in enumerate((3, 2, 1, 0)):
        ground(socket, keep=keep)
        socket.send_bytes(request_bytes(seq))
        header, body = frame(socket.receive_bytes())
        assert (header["seq"], header["units"]) == (seq, [])
        assert body == jpeg(painted(library, *strokes[:keep]))


def test_two_hundred_undos_step_back_exactly(socket, library):
    strokes = [stroke(n, region=mask_json(n, 4)) for n in range(200)]
    shown = []
    ground(socket)
    for number in range(200):
        ground(socket, keep=number, strokes=[strokes[number]])
        socket.send_bytes(request_bytes(number))
        shown.append(frame(socket.receive_bytes())[1])
    for number in range(199, 0, -1):
        ground(socket, keep=number)
        socket.send_bytes(request_bytes(1000 + number))
        assert frame(socket.receive_bytes())[1] == shown[number - 1]
    assert shown[199] == jpeg(painted(library, *strokes))


def test_only_the_newest_waiting_request_is_drawn(socket, studio):
    ground(socket)
    socket.send_bytes(request_bytes(0, MASK))
    socket.receive_bytes()
    hold, running = threading.Event(), threading.Event()
    studio.compute.submit(lambda: (running.set(), hold.wait(10)))
    assert running.wait(10)
    socket.send_bytes(request_bytes(1, MASK))
    wait_until_drawing(studio)
    for seq in range(2, 50):
        socket.send_bytes(request_bytes(seq, MASK, final=seq == 49))
    # Messages of one connection come in order: this error says that all before it were read.
    socket.send_text("{")
    assert socket.receive_json()["seq"] is None
    hold.set()
    first, last = frame(socket.receive_bytes())[0], frame(socket.receive_bytes())[0]
    assert (first["seq"], first["final"], last["seq"], last["final"]) == (1, False, 49, True)


def wait_until_drawing(studio):
    """Until the request that was sent waits in the compute thread's queue."""
    for _ in range(1000):
        if studio.compute._urgent:
            return
        threading.Event().wait(0.005)
    raise AssertionError("the request never reached the compute thread")


def test_another_picture_starts_from_a_clean_ground(socket, library):
    ground(socket, strokes=[stroke()])
    ground(socket, seed=8)
    socket.send_bytes(request_bytes(1))
    assert frame(socket.receive_bytes())[1] == jpeg(painted(library, seed=8))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ('{"type": "ground", "model": "small"}', "seed"),
        ('{"type": "ground", "model": "small", "seed": 1, "keep": 5}', "keep"),
        ('{"type": "ground", "model": "small", "seed": -1}', "seed"),
        ('{"type": "exec", "model": "small", "seed": 1}', "type"),
    ],
)
def test_a_ground_that_cannot_be_read_is_answered_with_an_error(socket, text, said):
    socket.send_text(text)
    answer = socket.receive_json()
    assert answer.keys() == {"type", "seq", "title", "detail", "hint"}
    assert (answer["type"], answer["seq"]) == ("error", None)
    assert said in answer["detail"]


def bytes_of(header: bytes, body: bytes = b"") -> bytes:
    return join(header, body)


@pytest.mark.parametrize(
    ("data", "seq"),
    [
        (b"", None),
        (b"\x01", None),
        (b"\xff\xff\xff\xff{}", None),
        (bytes_of(b"{}"), None),
        (bytes_of(b'{"seq": -1}'), None),
        (bytes_of(b'{"seq": 4, "stroke": {"layer": "layer16a", "height": 2, "width": 2}}', b"abc"), 4),
        (bytes_of(b'{"seq": 5, "stroke": {"layer": "layer16a", "height": 0, "width": 2}}'), 5),
        (bytes_of(b'{"seq": 6, "stroke": {"layer": "nope", "height": 1, "width": 1}}', b"a"), 6),
        (
            bytes_of(
                b'{"seq": 7, "stroke": {"layer": "layer16a", "concept": "x", "height": 1, "width": 1}}', b"a"
            ),
            7,
        ),
    ],
)
def test_a_request_that_cannot_be_drawn_is_answered_and_the_next_one_works(socket, data, seq):
    ground(socket)
    socket.send_bytes(data)
    answer = socket.receive_json()
    assert (answer["type"], answer["seq"]) == ("error", seq)
    socket.send_bytes(request_bytes(9, MASK))
    assert frame(socket.receive_bytes())[0]["seq"] == 9


def test_a_request_before_any_ground_says_so(socket):
    socket.send_bytes(request_bytes(1, MASK))
    assert "picture" in socket.receive_json()["detail"]


def test_an_unknown_model_is_named(socket):
    ground(socket, model="smal")
    socket.send_bytes(request_bytes(3))
    answer = socket.receive_json()
    assert (answer["seq"], "did you mean 'small'" in answer["detail"]) == (3, True)


def test_headers_and_bodies_come_back_as_they_were():
    assert split(join(b"header", b"\x00body")) == (b"header", b"\x00body")
