"""Checkpoints are opened from named folders and from what is sent; nothing else can be reached."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
import torch

from inscape.cli.main import run
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.studio.app import create_app
from inscape.studio.pages.models import checkpoints as rules
from inscape.studio.pages.photo.page import PhotoState
from inscape.studio.studio import Settings
from models.foreign import nvidia, progan_weights, small_stylegan2
from studio.messages import PORT, TOKEN
from studio.web_client import TestClient

BASE = f"http://127.0.0.1:{PORT}"


def progan(path: Path) -> Path:
    torch.manual_seed(0)
    torch.save(progan_weights(ProGAN(ProGANConfig(7, (6, 5, 4))), old=False), path)
    return path


class Evil:
    """A pickle that would run a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    progan(made / "church.pth")
    nvidia(small_stylegan2(), made / "faces.pkl")
    (made / "notes.txt").write_text("nothing")
    outside = progan(tmp_path / "outside.pth")
    (made / "link.pth").symlink_to(outside)
    return made


@pytest.fixture
def settings(model_folder, home, folder) -> Settings:
    named = {"small": model_folder}
    return Settings(port=PORT, token=TOKEN, models=named, checkpoints=(folder,), device="cpu", home=home)


def upload(client, name: str, data: bytes):
    return client.post(f"/api/checkpoints/upload?name={name}", content=data)


def names(client) -> list[str]:
    return [model["name"] for model in client.get("/api/models").json()["models"]]


def test_files_of_the_named_folders_are_listed_and_open(client, settings, folder):
    listed = client.get("/api/checkpoints").json()
    assert [file["name"] for file in listed["files"]] == ["church.pth", "faces.pkl"]
    opened = client.post("/api/checkpoints/open", json={"folder": 0, "name": "church.pth"})
    assert opened.status_code == 201, opened.text
    model = opened.json()
    assert (model["name"], model["architecture"], model["image_size"]) == ("church", "progan", 16)
    assert model["paintable"] and model["removable"] and [layer["name"] for layer in model["layers"]][:2]
    assert "church" in names(client)
    picture = client.get("/api/models/church/pictures/3.png")
    assert picture.status_code == 200 and picture.content[:4] == b"\x89PNG"
    again = client.post("/api/checkpoints/open", json={"folder": 0, "name": "church.pth"}).json()
    assert again["name"] == "church"
    assert [file["model"] for file in client.get("/api/checkpoints").json()["files"]] == ["church", None]
    torch.manual_seed(1)
    torch.save(progan_weights(ProGAN(ProGANConfig(7, (5, 4))), old=False), folder / "church.pth")
    assert [file["model"] for file in client.get("/api/checkpoints").json()["files"]] == [None, None]
    again = client.post("/api/checkpoints/open", json={"folder": 0, "name": "church.pth"}).json()
    assert (again["name"], again["image_size"]) == ("church-2", 8)
    assert str(folder / "church.pth") in again["source"]
    with TestClient(create_app(settings), base_url=BASE) as restarted:
        restarted.headers["x-inscape-token"] = TOKEN
        assert {"church", "church-2"} <= set(names(restarted))


def test_files_that_the_launch_names_come_first_and_are_kept_once(settings, folder):
    named = (folder / "faces.pkl", folder / "church.pth")
    for _ in range(2):
        with TestClient(create_app(replace(settings, files=named)), base_url=BASE) as client:
            client.headers["x-inscape-token"] = TOKEN
            assert names(client)[:3] == ["faces", "church", "small"]
            assert client.get("/api/studio").json()["default_model"] == "faces"
            assert names(client).count("faces") == 1 and "faces-2" not in names(client)


def test_what_the_launch_names_is_opened_by_what_it_is(folder, model_folder, monkeypatch, capsys):
    started = []
    monkeypatch.setattr("inscape.studio.server.serve", lambda settings, **_: started.append(settings))
    named = ["town", str(folder / "faces.pkl"), str(model_folder)]
    assert run(["studio", *[word for name in named for word in ("--model", name)]]) == 0
    assert list(started[0].models) == ["town", "small"] and started[0].files == (folder / "faces.pkl",)
    assert run(["studio", "--model", "twon"]) == 1
    said = capsys.readouterr().err
    assert (
        "no file, folder or shipped model 'twon'" in said and "town-segmenter" in said and len(started) == 1
    )


@pytest.mark.parametrize(
    "name", ["../outside.pth", "link.pth", "notes.txt", "/etc/passwd", "os:system", "church.pt", "town"]
)
def test_nothing_beyond_them_can_be_opened(client, name):
    before = names(client)
    refused = client.post("/api/checkpoints/open", json={"folder": 0, "name": name})
    assert refused.status_code == 404 and refused.json()["title"]
    assert client.post("/api/checkpoints/open", json={"folder": 1, "name": "church.pth"}).status_code == 404
    assert names(client) == before


def test_a_dropped_file_becomes_a_model_and_can_be_removed(client, folder, home):
    sent = upload(client, "My%20church%3Cb%3E.pth", (folder / "church.pth").read_bytes())
    assert sent.status_code == 201, sent.text
    name = sent.json()["name"]
    assert name == "My-church-b"
    kept = home / "studio" / "models"
    assert [entry.name for entry in kept.iterdir()] == [name]
    assert client.delete(f"/api/models/{name}").status_code == 204
    assert name not in names(client) and list(kept.iterdir()) == []
    assert client.delete("/api/models/small").status_code == 409
    assert client.delete("/api/models/nobody").status_code == 404


def test_what_cannot_be_opened_says_why_and_leaves_nothing(client, home, tmp_path):
    mark = tmp_path / "ran"
    hostile = pickle.dumps({"G_ema": Evil(f"touch {mark}")})
    cases = {"evil.pkl": hostile, "empty.pt": b"", "text.pkl": b"hello", "half.pth": b"PK\x03\x04half"}
    for name, data in cases.items():
        refused = upload(client, name, data)
        assert refused.status_code == 422, (name, refused.text)
        body = refused.json()
        assert name in body["detail"] and str(home) not in body["detail"]
    assert not mark.exists() and list((home / "studio" / "models").glob("*")) == []
    assert list((home / "studio" / "models").glob(".*")) == []


def test_files_that_are_too_large_and_disks_that_are_full_of_models_are_refused(client, folder, monkeypatch):
    data = (folder / "church.pth").read_bytes()
    monkeypatch.setattr(rules, "MOST_KEPT", len(data) // 2)
    refused = upload(client, "church.pth", data)
    assert refused.status_code == 413 and "Delete one" in refused.json()["hint"]
    monkeypatch.setitem(client.app._largest, "/api/checkpoints/upload", 1000)
    assert upload(client, "church.pth", data).status_code == 413
    assert "church" not in names(client)


def test_without_the_token_nothing_is_opened(stranger, folder):
    stranger.headers.pop("x-inscape-token", None)
    assert stranger.post("/api/checkpoints/open", json={"folder": 0, "name": "church.pth"}).status_code == 401
    assert upload(stranger, "church.pth", (folder / "church.pth").read_bytes()).status_code == 401


def test_a_conditional_generator_is_painted_with_in_a_class(client, folder):
    nvidia(small_stylegan2(c_dim=3), folder / "classes.pkl")
    model = client.post("/api/checkpoints/open", json={"folder": 0, "name": "classes.pkl"}).json()
    assert model["name"] == "classes" and model["paintable"] and model["latent"]["c_dim"] == 3
    drawn = [
        client.get(f"/api/models/classes/pictures/2.png{query}").content
        for query in ("", "?class_index=1", "?class_index=0")
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_name_of_a_removed_model_is_not_given_again(client, folder):
    data = {kind: (folder / file).read_bytes() for kind, file in (("a", "church.pth"), ("b", "faces.pkl"))}
    first = upload(client, "net.pth", data["a"]).json()["name"]
    client.get(f"/api/models/{first}/pictures/1.jpg")
    assert client.delete(f"/api/models/{first}").status_code == 204
    assert client.get(f"/api/models/{first}/pictures/1.jpg").status_code == 404
    assert upload(client, "net.pkl", data["b"]).json()["name"] != first


def test_a_model_whose_card_cannot_be_read_is_left_out(client, folder, home, settings, caplog):
    name = upload(client, "net.pth", (folder / "church.pth").read_bytes()).json()["name"]
    card = home / "studio" / "models" / name / "card.json"
    card.write_text('{"schema_version": 99}')
    with TestClient(create_app(settings), base_url=BASE) as again:
        again.headers["x-inscape-token"] = TOKEN
        assert names(again) == [each for each in names(client) if each != name]
        assert again.get("/api/studio").json()["default_model"] == "small"
    assert name in caplog.text


def test_a_model_is_removed_while_a_deleted_photo_of_it_is_at_hand(client, studio, folder, monkeypatch):
    name = upload(client, "net.pth", (folder / "church.pth").read_bytes()).json()["name"]
    page = studio.state(PhotoState)
    monkeypatch.setattr(page, "_canvas", lru_cache(lambda identifier: f"a photo drawn by {name}"))
    page._canvas("gone")
    assert client.delete(f"/api/models/{name}").status_code == 204
    assert page._canvas.cache_info().currsize == 0
