"""Painting on pictures of a conditional generator."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inscape
from inscape.studio.paintings import NewPainting, Paintings
from inscape.studio.studio import Settings
from small_generators import small_generator
from studio.conftest import ByUnits, dissected
from studio.messages import PORT, TOKEN, frame, request_bytes, start, stroke
from warm import warm_python

NAMES = ("cat", "dog", "owl")


@pytest.fixture(scope="session")
def conditional(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    return dissected(folder, ByUnits, small_generator(name="small", classes=NAMES))


@pytest.fixture
def settings(conditional, home) -> Settings:
    return Settings(port=PORT, token=TOKEN, models={"small": conditional}, device="cpu", home=home)


@pytest.fixture
def model(conditional):
    return inscape.open(conditional, device="cpu")


def png(client, query: str = "") -> np.ndarray:
    answer = client.get(f"/api/models/small/pictures/4.png{query}")
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_the_page_is_told_the_classes(client):
    info = client.get("/api/models/small").json()
    assert (info["classes"], info["latent"]["c_dim"], info["paintable"]) == (list(NAMES), 3, True)


def test_a_picture_is_drawn_in_the_class_that_is_asked_for(client, model):
    for query, number in (("", 2), ("?class_index=2", 2), ("?class_index=0", 0), ("?class_index=1", 1)):
        assert np.array_equal(png(client, query), model.sample(4, class_index=number).pixels)


def test_a_class_that_is_not_there_is_a_problem(client):
    answer = client.get("/api/models/small/pictures/4.png?class_index=3")
    assert answer.status_code == 422 and "has the classes 0 to 2, got 3" in answer.json()["detail"]
    assert client.get("/api/models/small/pictures/4.png?class_index=-1").status_code == 422
    request = {"model": "small", "seed": 4, "class_index": 9}
    assert client.post("/api/paintings", json=request).status_code == 422


def test_a_painting_keeps_its_class_and_exports_it(client, model, tmp_path):
    request = {"model": "small", "seed": 4, "class_index": 1, "operations": []}
    made = client.post("/api/paintings", json=request).json()
    assert made["class_index"] == 1
    summary = client.get("/api/paintings").json()["paintings"][0]
    assert summary["class_index"] == 1
    exported = client.get(f"/api/paintings/{made['id']}/export.png").content
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(exported))), model.sample(4, class_index=1).pixels)
    imported = client.post("/api/paintings/import", content=exported).json()
    assert (imported["seed"], imported["class_index"]) == (4, 1)
    command = client.get(f"/api/paintings/{made['id']}/command").json()["python"]
    assert warm_python("-c", command, folder=tmp_path).returncode == 0
    (again,) = tmp_path.glob("*.png")
    assert np.array_equal(np.asarray(Image.open(again)), model.sample(4, class_index=1).pixels)


def test_a_painting_without_a_class_gets_that_of_its_seed(client):
    assert start(client, 1, seed=4)["class_index"] == 2


def test_strokes_are_painted_in_one_class_after_another(client, model):
    live = np.zeros((16, 16), np.uint8)
    pictures = []
    address = f"ws://127.0.0.1:{PORT}/api/paint"
    with client.websocket_connect(address, headers=dict(client.headers)) as socket:
        for seq, number in enumerate((0, 1, 0)):
            ground = {"type": "ground", "model": "small", "seed": 4, "class_index": number}
            socket.send_json({**ground, "strokes": [stroke(0)]})
            socket.send_bytes(request_bytes(seq, live, final=True))
            pictures.append(frame(socket.receive_bytes())[1])
    assert pictures[0] == pictures[2] != pictures[1]


def test_a_file_of_paintings_of_an_earlier_version_is_read(tmp_path):
    path = tmp_path / "paintings.sqlite"
    paintings = Paintings(path)
    made = paintings.create(NewPainting(model="small", seed=3))
    paintings.close()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE paintings DROP COLUMN class_index")
    again = Paintings(path)
    assert again.get(made.id).class_index is None
    assert again.create(NewPainting(model="small", seed=3, class_index=2)).class_index == 2
    again.close()


def test_the_lines_of_the_page_open_the_model(client, conditional):
    assert client.get("/api/models/small").json()["argument"] == str(conditional.resolve())
    assert client.get("/api/models/town").json()["argument"] == "town"


def test_the_encoder_is_listed_and_not_painted_with(client):
    model = client.get("/api/models/town-encoder").json()
    assert (model["kind"], model["paintable"], model["image_size"]) == ("encoder", False, 64)
    assert [layer["name"] for layer in model["layers"]] == ["layer32b", "layer16b", "layer8b", "layer4"]
    answer = client.get("/api/models/town-encoder/pictures/0.png")
    assert 400 <= answer.status_code < 500 and "is an encoder" in answer.json()["detail"]


def test_only_shipped_segmenters_can_be_named(client):
    names = client.get("/api/studio").json()["segmenters"]
    assert names == ["town-segmenter", "room-segmenter"]
    for wrong in ("hf:any/thing", "/etc", "town"):
        answer = client.post(
            "/api/models/small/layers/layer8a/dissection", json={"images": 20, "segmenter": wrong}
        )
        assert answer.status_code == 404 and "segmenter" in answer.json()["detail"]
