"""The page Artifacts, over HTTP: a ranking is a job, and what it found is kept."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from studio.test_jobs import done

ADDRESS = "/api/models/small/artifacts"
ASKED = {"layer": "layer8a", "images": 320, "top": 2, "controls": 3, "segmenter": "town-segmenter"}


@pytest.fixture
def of_a_world(model_folder):
    """The model's card names a world, whose scenes are what is real."""
    path = model_folder / "card.json"
    path.write_text(path.read_text().replace('"world": null', '"world": "town"'))
    assert '"world": "town"' in path.read_text()


def test_units_are_ranked_switched_off_and_kept_with_pictures(of_a_world, client):
    job = done(client, client.post(ADDRESS, json=ASKED))
    (found,) = client.get(ADDRESS).json()["measured"]
    assert (found["id"], found["layer"], found["images"]) == (job["result"]["id"], "layer8a", 320)
    distances = [unit["distance"] for unit in found["units"]]
    assert len(distances) == 12 and distances == sorted(distances, reverse=True)
    assert found["off"] == [unit["unit"] for unit in found["units"][:2]]
    assert found["before"] > 0 and found["after"] > 0 and len(found["control"]) == 3
    assert found["suspects"] == sum(unit["suspect"] for unit in found["units"])
    without = found["without"]
    assert without["seeds"][0] == found["units"][0]["seeds"][0]
    for strip, count in ((found["units"][0]["strip"], 6), (without["strip"], len(without["seeds"]))):
        picture = Image.open(io.BytesIO(client.get(f"/{strip}").content))
        assert 2 * picture.width == count * picture.height


def test_a_model_of_no_world_is_refused(client):
    answer = client.post(ADDRESS, json=ASKED)
    assert answer.status_code == 422 and "names no world" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"layer": "nope"}, 404), ({"top": 12}, 422), ({"images": 100}, 422), ({"segmenter": "nope"}, 404)],
)
def test_what_cannot_be_measured_is_refused(of_a_world, client, change, status):
    assert client.post(ADDRESS, json=ASKED | change).status_code == status
