from __future__ import annotations

import ast
import io
import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import inscape
from inscape.models import open_model
from inscape.pictures import read_recipe
from inscape.regions import Region
from inscape.studio.encoding import jpeg
from studio.messages import add, start
from warm import warm_python


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def upload(client, data: bytes):
    return client.post("/api/paintings/import", content=data)


def test_pictures_are_the_librarys(client, model_folder):
    picture = open_model(model_folder, device="cpu").sample(5)
    assert (pixels(client.get("/api/models/small/pictures/5.png").content) == picture.pixels).all()
    assert client.get("/api/models/small/pictures/5.jpg").content == jpeg(picture.pixels)
    assert pixels(client.get("/api/models/small/pictures/5.jpg?size=64").content).shape == (64, 64, 3)


def test_an_exported_png_replays_byte_for_byte(client, model_folder, tmp_path):
    painting = start(client, 4)
    data = client.get(f"/api/paintings/{painting['id']}/export.png").content
    (tmp_path / "painted.png").write_bytes(data)
    again = inscape.replay(tmp_path / "painted.png", model=open_model(model_folder, device="cpu"))
    assert (again.pixels == pixels(data)).all()
    assert (again.pixels != open_model(model_folder, device="cpu").sample(7).pixels).any()
    recipe = client.get(f"/api/paintings/{painting['id']}/recipe.json").json()
    assert read_recipe(tmp_path / "painted.png") == recipe


def test_hidden_and_undone_strokes_are_not_exported(client):
    painting = start(client, 3)
    hide = {"kind": "hide", "stroke": "s0", "hidden": True}
    body = {"revision": 1, "keep": 3, "append": [hide], "cursor": 4}
    client.patch(f"/api/paintings/{painting['id']}", json=body)
    assert len(client.get(f"/api/paintings/{painting['id']}/recipe.json").json()["edits"]) == 2
    client.patch(
        f"/api/paintings/{painting['id']}", json={"revision": 2, "keep": 4, "append": [], "cursor": 1}
    )
    assert len(client.get(f"/api/paintings/{painting['id']}/recipe.json").json()["edits"]) == 1


@pytest.mark.parametrize("form", ["export.png", "recipe.json"])
def test_what_was_exported_is_imported_with_every_stroke(client, form):
    painting = start(client, 3)
    exported = client.get(f"/api/paintings/{painting['id']}/{form}").content
    answer = upload(client, exported)
    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert copy["id"] != painting["id"]
    assert (copy["model"], copy["seed"], copy["cursor"]) == ("small", 7, 3)
    one, two = (client.get(f"/api/paintings/{each['id']}/export.png").content for each in (painting, copy))
    assert (pixels(one) == pixels(two)).all()


def test_a_painting_with_truncation_keeps_it(client):
    body = {"model": "small", "seed": 7, "truncation": 0.5, "operations": [add(0)]}
    painting = client.post("/api/paintings", json=body).json()
    recipe = client.get(f"/api/paintings/{painting['id']}/recipe.json").content
    assert json.loads(recipe)["latent"]["truncation"] == 0.5
    assert upload(client, recipe).json()["truncation"] == 0.5


def recipe_of(client) -> dict:
    return client.get(f"/api/paintings/{start(client, 1)['id']}/recipe.json").json()


def png_with(text: str, size=(4, 4)) -> bytes:
    information = PngInfo()
    information.add_itxt("inscape", text, zip=True)
    stream = io.BytesIO()
    Image.new("RGB", size).save(stream, "PNG", pnginfo=information)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    """A PNG that claims 30000 x 30000 pixels."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[" * 100_000,
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 100,
        bomb(),
        png_with("{"),
        png_with("[]"),
        png_with(json.dumps({"schema_version": 1})),
        b"\x80\x04\x95cposix\nsystem\n.",
        b"GIF89a" + b"\0" * 100,
    ],
)
def test_hostile_files_are_refused_in_one_sentence(client, data):
    answer = upload(client, data)
    assert (answer.status_code, answer.json()["title"]) == (422, "Cannot replay"), answer.text
    assert client.get("/api/paintings").json()["paintings"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"model": "../../../etc"}, 404),
        ({"model": "/etc/passwd"}, 404),
        ({"model_hash": "0" * 64}, 422),
        ({"schema_version": 99}, 422),
        ({"seed": None}, 422),
        ({"seed": 8}, 422),
        ({"latent": {"kind": "z", "values": [1.0] * 8}}, 422),
        ({"latent": {"kind": "w", "values": [1.0] * 8}}, 422),
        ({"latent": {"kind": "z", "values": ["__import__('os')"]}}, 422),
        ({"edits": [{"kind": "os.system"}]}, 422),
        ({"edits": [{"kind": "units", "layer": "nope", "units": [1], "mode": "remove"}]}, 404),
        ({"edits": [{"kind": "units", "layer": "layer16a", "units": [77], "mode": "remove"}]}, 404),
        (
            {
                "edits": [
                    {"kind": "units", "layer": "layer16a", "units": list(range(8)), "values": [1e999] * 8}
                ]
            },
            422,
        ),
        ({"import": "os"}, 422),
    ],
)
def test_hostile_recipes_are_refused(client, change, status):
    document = recipe_of(client) | change
    kept = len(client.get("/api/paintings").json()["paintings"])
    answer = upload(client, json.dumps(document).encode())
    assert (answer.status_code, answer.json().keys()) == (status, {"title", "detail", "hint"}), answer.text
    assert len(client.get("/api/paintings").json()["paintings"]) == kept


def test_a_recipe_that_the_page_cannot_hold_is_refused_in_a_sentence(client):
    document = recipe_of(client)
    document["edits"][0]["region"] = Region.from_mask(np.ones((2048, 2048), np.float32)).to_json()
    answer = upload(client, json.dumps(document).encode())
    assert answer.status_code == 422 and "inscape replay" in answer.json()["hint"], answer.text
    assert "cannot hold this recipe" in answer.json()["detail"]


def test_a_recipe_of_more_than_a_mebibyte_is_read_from_its_png(client):
    document = recipe_of(client)
    (edit,) = document["edits"]
    masks = [np.random.RandomState(number).rand(96, 96).astype(np.float32) for number in range(160)]
    document["edits"] = [edit | {"region": Region.from_mask(mask).to_json()} for mask in masks]
    text = json.dumps(document)
    assert len(text) > 2**20
    answer = upload(client, png_with(text))
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["operations"]) == 160


def test_names_in_a_recipe_stay_text(client):
    document = recipe_of(client)
    document["edits"][0]["concept"] = "<img src=x onerror=alert(1)>"
    painting = upload(client, json.dumps(document).encode()).json()
    assert painting["operations"][0]["stroke"]["concept"] == "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("form", ["cli", "python"])
def test_the_copied_lines_write_the_exported_file(client, tmp_path, form):
    painting = start(client, 2)
    command = client.get(f"/api/paintings/{painting['id']}/command").json()[form]
    exported = client.get(f"/api/paintings/{painting['id']}/export.png").content
    if form == "python":
        assert warm_python("-c", command, folder=tmp_path).returncode == 0
    else:
        run_in_a_shell(command, tmp_path)
    (written,) = tmp_path.glob("inscape-*.png")
    assert written.read_bytes() == exported


def run_in_a_shell(command: str, folder: Path) -> None:
    """Run lines that call `inscape`, which is not installed under that name."""
    inscape_command = folder / "inscape"
    inscape_command.write_text(f'#!/bin/sh\nexec {sys.executable} -m inscape "$@"\n')
    inscape_command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", command], cwd=folder, env=environment, check=True, capture_output=True)


def test_what_a_recipe_says_cannot_leave_the_copied_lines(client):
    document = recipe_of(client)
    quotes = "'" * 3 + '"' * 3
    document["edits"][0]["concept"] = f"{quotes}\n\nRECIPE\ntouch broken\nimport os\n\\{quotes}"
    painting = upload(client, json.dumps(document).encode()).json()
    command = client.get(f"/api/paintings/{painting['id']}/command").json()
    imports = [node for node in ast.walk(ast.parse(command["python"])) if isinstance(node, ast.Import)]
    assert [name.name for node in imports for name in node.names] == ["json", "inscape"]
    assert len(command["cli"].strip().split("\n")) == 4
