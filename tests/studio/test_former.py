"""Paintings and rules of a former version of a shipped model."""

from __future__ import annotations

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image

from inscape import storage
from inscape.models import Card, open_model
from inscape.models.weights import weights_hash
from inscape.studio.pages.rewrite.page import Rewrite
from studio.messages import add, start
from studio.photo_requests import bring, invert, painting_on, ready
from studio.rule_requests import BASE, CHOICES, entry, rule


def install_version_two(folder):
    """Other weights under the same name, and a card that knows the version before."""
    tensors, _ = storage.load_tensors(folder / "weights.safetensors")
    former = weights_hash(open_model(folder, device="cpu").module)
    storage.save_tensors(folder / "weights.safetensors", {name: each * 1.5 for name, each in tensors.items()})
    card = Card.read(folder / "card.json")
    card.model_copy(update={"version": 2, "former": {former: 1}}).write(folder / "card.json")


def kept_picture(studio, painting):
    for _ in range(400):
        if (picture := studio.paintings.picture(painting["id"])) is not None:
            return picture
        time.sleep(0.05)
    raise AssertionError("No picture was kept.")


@pytest.fixture
def before(client, studio, model_folder):
    """A painting, and what it looked like before another version was installed."""
    painting = start(client, 2)
    picture = client.get(f"/api/paintings/{painting['id']}/picture.jpg").content
    assert kept_picture(studio, painting) == picture
    install_version_two(model_folder)
    return painting, picture


def test_it_is_listed_with_its_picture_and_its_version(client, before):
    painting, picture = before
    (row,) = client.get("/api/paintings").json()["paintings"]
    assert (row["id"], row["former"]) == (painting["id"], 1)
    assert client.get(row["picture"]).content == picture
    assert client.get(f"/api/paintings/{painting['id']}").json()["former"] == 1


@pytest.mark.parametrize("of", ["export.png", "recipe.json", "command"])
def test_it_is_not_drawn_with_other_weights(client, before, of):
    answer = client.get(f"/api/paintings/{before[0]['id']}/{of}")
    assert answer.status_code == 422
    said = answer.json()
    assert said["detail"].startswith("Version 1 of 'small' drew this painting")
    assert "Paint again" in said["hint"]


def test_it_is_not_changed(client, before):
    painting = before[0]
    step = {"revision": painting["revision"], "keep": 2, "append": [add(5)], "cursor": 3}
    assert client.patch(f"/api/paintings/{painting['id']}", json=step).status_code == 422
    assert client.get(f"/api/paintings/{painting['id']}").json()["revision"] == painting["revision"]


def test_painting_again_takes_the_brushes_of_the_installed_version(client, before):
    painting, picture = before
    again = client.post(f"/api/paintings/{painting['id']}/again").json()
    assert again["former"] is None and again["id"] != painting["id"]
    assert again["weights"] != painting["weights"]
    assert [each["stroke"]["region"] for each in again["operations"]] == [
        each["stroke"]["region"] for each in painting["operations"]
    ]
    assert all(len(each["stroke"]["values"]) == 3 for each in again["operations"])
    assert client.get(f"/api/paintings/{again['id']}/picture.jpg").content != picture
    assert client.get(f"/api/paintings/{painting['id']}/picture.jpg").content == picture


def test_one_of_the_installed_version_stays_open(client, before):
    assert start(client, 1, seed=9)["former"] is None
    rows = client.get("/api/paintings").json()["paintings"]
    assert sorted(row["former"] or 2 for row in rows) == [1, 2]


def test_a_picture_follows_the_last_stroke(client, studio):
    painting = start(client, 1)
    first = kept_picture(studio, painting)
    step = {"revision": painting["revision"], "keep": 1, "append": [add(3)], "cursor": 2}
    assert client.patch(f"/api/paintings/{painting['id']}", json=step).status_code == 200
    for _ in range(400):
        if studio.paintings.picture(painting["id"]) != first:
            return
        time.sleep(0.05)
    raise AssertionError("The picture of the painting before the stroke is kept.")


def test_one_on_a_photo_waits_until_the_photo_is_inverted_again(client, model_folder):
    photo = bring(client)
    invert(client, photo)
    ready(client, photo)
    painting = painting_on(client, photo, [add(0)])
    install_version_two(model_folder)
    answer = client.post(f"/api/paintings/{painting['id']}/again")
    assert answer.status_code == 422
    assert "invert the photo again" in answer.json()["hint"]
    assert len(client.get("/api/paintings").json()["paintings"]) == 1


def drawn(client, *edits) -> str:
    answer = client.post(f"{BASE}/wall", json={"seeds": [3], "edits": list(edits)})
    assert answer.status_code == 200, answer.text
    return answer.json()["pictures"][0]["image"]


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))).astype(int)


@pytest.fixture
def kept_rule(client, model_folder, few_samples):
    """A rule on the stack, and its picture before and after it, before another version was installed."""
    info = rule(client)
    pictures = drawn(client), drawn(client, entry(info))
    state = {"choices": CHOICES, "stack": [entry(info)]}
    step = {"revision": 0, "keep": 0, "append": [state], "cursor": 0, "seeds": "0-15"}
    assert client.patch(BASE, json=step).status_code == 200
    (before,) = client.get(BASE).json()["rules"]
    assert (before["former"], before["picture"]) == (None, None)
    install_version_two(model_folder)
    return info, pictures


def test_a_rule_is_listed_with_its_version_and_what_it_did(client, kept_rule):
    info, pictures = kept_rule
    work = client.get(BASE).json()
    (row,) = work["rules"]
    assert (row["id"], row["former"]) == (info["id"], 1)
    assert [each["rule"] for each in work["steps"][0]["stack"]] == [info["id"]]
    shown = np.concatenate([pixels(each) for each in pictures], 1)
    assert np.abs(pixels(row["picture"]) - shown).mean() < 3  # each is a JPEG
    assert np.abs(pixels(pictures[0]) - pixels(pictures[1])).mean() > 3


def test_a_rule_of_a_former_version_changes_nothing_and_hinders_no_other(client, kept_rule):
    info, _ = kept_rule
    assert drawn(client, entry(info)) == drawn(client)
    another = rule(client, over=[entry(info)])
    assert drawn(client, entry(info), entry(another)) == drawn(client, entry(another)) != drawn(client)
    assert client.get(f"{BASE}/rules/{info['id']}/file?name=Trees").status_code == 200


def test_the_picture_of_a_rule_goes_with_it(client, studio, kept_rule):
    info, _ = kept_rule
    works = studio.state(Rewrite).works
    assert works.picture(info["id"]) is not None
    works.forget("small")
    assert works.picture(info["id"]) is None and not works.file(info["id"]).exists()
