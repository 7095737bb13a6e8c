from __future__ import annotations

import io

import numpy as np
from PIL import Image

from inscape.painting.example import FILE, Example, ExampleStroke
from inscape.pictures import read_recipe
from studio.messages import start

ADDRESS = "/api/models/small/example"


def test_a_model_without_an_example_has_none(client):
    answer = client.get(ADDRESS)
    assert answer.status_code == 200 and answer.json() is None


def test_the_example_of_a_model_is_told_and_its_picture_made_ready(client, studio, model_folder):
    stroke = ExampleStroke(concept="light", layer="layer16a", top=3, box=(0, 0, 8, 8))
    Example(seed=41, strokes=(stroke,)).write(model_folder)
    told = client.get(ADDRESS).json()
    assert (told["seed"], told["strokes"][0]["concept"], told["strokes"][0]["box"]) == (
        41,
        "light",
        [0, 0, 8, 8],
    )
    studio.compute.submit(studio.warm).result()
    assert studio.failure is None


def test_an_example_that_cannot_be_read_is_a_problem_and_stops_nothing(client, studio, model_folder):
    (model_folder / FILE).write_text("{}")
    answer = client.get(ADDRESS)
    assert answer.status_code >= 400 and "not a painted example" in answer.json()["detail"]
    studio.compute.submit(studio.warm).result()
    assert "not a painted example" in studio.failure.detail
    assert client.get("/api/models/small/pictures/0.png").status_code == 200


def test_a_painting_is_exported_enlarged_with_the_same_recipe(client, tmp_path):
    painting = start(client, 1)
    address = f"/api/paintings/{painting['id']}/export.png"
    files = {scale: client.get(address, params={"scale": scale}).content for scale in (1, 2, 4)}
    plain = np.asarray(Image.open(io.BytesIO(client.get(address).content)))
    recipes = []
    for scale, data in files.items():
        pixels = np.asarray(Image.open(io.BytesIO(data)))
        assert pixels.shape == (scale * len(plain), scale * len(plain), 3)
        assert np.abs(pixels.mean((0, 1)) - plain.mean((0, 1))).max() < 2
        path = tmp_path / f"{scale}.png"
        path.write_bytes(data)
        recipes.append(read_recipe(path))
    assert recipes[0] == recipes[1] == recipes[2]
    for wrong in (0, 9, "large"):
        assert client.get(address, params={"scale": wrong}).status_code == 422
