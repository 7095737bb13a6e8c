"""The page Find, over HTTP: a search is a job, and what it found is kept."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from inscape.studio.app import create_app
from inscape.studio.findings import SHOWN
from studio.messages import PORT
from studio.test_jobs import done
from studio.web_client import TestClient

ADDRESS = "/api/models/small/find"
ASKED = {"layer": "layer16a", "by": "strokes", "show": "3:2,2,8,8 5:0,0,4,4", "images": 40}


def test_a_search_finds_units_and_keeps_them_with_their_pictures(client, settings):
    assert client.get(ADDRESS).json() == {"searches": []}
    job = done(client, client.post(ADDRESS, json=ASKED))
    (found,) = client.get(ADDRESS).json()["searches"]
    assert found["id"] == job["result"]["id"]
    assert {name: found[name] for name in ASKED} == ASKED
    assert (found["positives"], found["others"]) == (2, 40)
    scores = [unit["precision"] for unit in found["units"]]
    assert scores == sorted(scores, reverse=True) and len(scores) == 8 <= SHOWN
    for unit in found["units"]:
        assert len(set(unit["seeds"])) == 6 and min(unit["seeds"]) >= 1_000_000
        strip = Image.open(io.BytesIO(client.get(f"/{unit['strip']}").content))
        assert (strip.format, strip.width) == ("WEBP", 3 * strip.height)
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as later:
        later.headers.update(client.headers)
        assert later.get(ADDRESS).json()["searches"] == [found]


def test_searches_are_listed_the_newest_first_and_the_same_one_once(client):
    examples = ASKED | {"by": "examples", "show": "3,5-6"}
    for asked in (ASKED, examples, ASKED):
        done(client, client.post(ADDRESS, json=asked))
    assert [one["show"] for one in client.get(ADDRESS).json()["searches"]] == [ASKED["show"], "3,5-6"]


def test_only_the_newest_searches_are_kept(client, studio, monkeypatch):
    monkeypatch.setattr("inscape.studio.findings._MOST", 2)
    for seed in (1, 2, 3):
        done(client, client.post(ADDRESS, json=ASKED | {"by": "examples", "show": str(seed)}))
    assert [one["show"] for one in client.get(ADDRESS).json()["searches"]] == ["3", "2"]
    assert len(list((studio.settings.folder / "find").glob("*/*"))) == 2


def test_what_another_version_kept_is_left_out(client, studio):
    done(client, client.post(ADDRESS, json=ASKED))
    (file,) = (studio.settings.folder / "find").glob("*/*/found.json")
    file.write_text('{"id": 3}')
    assert client.get(ADDRESS).json() == {"searches": []}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"layer": "layer9"}, 404, "layer9"),
        ({"by": "predicate", "show": "night.py:night"}, 422, "by"),
        ({"show": "3"}, 422, "X,Y,WIDTH,HEIGHT"),
        ({"by": "examples", "show": "9-3"}, 422, "runs backwards"),
        ({"by": "examples", "show": "0-999"}, 422, "At most 256 pictures"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(client, change, status, said):
    answer = client.post(ADDRESS, json=ASKED | change)
    assert answer.status_code == status and said in answer.json()["detail"]


def test_a_region_outside_the_picture_fails_in_a_sentence(client):
    started = client.post(ADDRESS, json=ASKED | {"show": "3:90,2,8,8"}).json()
    job = started
    while job["finished"] is None:
        job = client.get(f"/api/jobs/{started['id']}").json()
    assert job["state"] == "failed" and "picture" in job["error"]["detail"]


def test_pictures_that_are_not_there_are_404(client):
    assert client.get(f"{ADDRESS}/0123456789abcdef/unit-0001.webp").status_code == 404
    assert client.get(f"{ADDRESS}/..%2F..%2Fx/unit-0001.webp").status_code in (404, 422)
