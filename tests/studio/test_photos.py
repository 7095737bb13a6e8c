from __future__ import annotations

import io
import time

import pytest
from PIL import Image

from inscape.studio.app import create_app
from inscape.studio.pages.photo import photos
from inscape.studio.pages.photo.inversions import _Watched
from inscape.studio.pages.photo.page import PhotoState
from studio.messages import PORT, TOKEN
from studio.photo_requests import (
    CROP,
    WIDE,
    bring,
    exported,
    info,
    invert,
    painting_on,
    photo_bytes,
    pixels_of,
    ready,
    strong,
    until,
)
from studio.web_client import TestClient


def test_a_photo_is_taken_in_listed_and_shown(client):
    assert client.get("/api/photos").json()["photos"] == []
    photo = bring(client, "my house.jpg", photo_bytes((2000, 1000), "JPEG"))
    assert (photo["name"], photo["width"], photo["height"], photo["state"]) == (
        "my house.jpg",
        2000,
        1000,
        "new",
    )
    assert photo["fit"] == {"mode": "crop", "x": 500, "y": 0, "width": 1000, "height": 1000}
    (row,) = client.get("/api/photos").json()["photos"]
    assert (row["id"], row["state"], row["psnr"]) == (photo["id"], "new", None)
    for address, size in ((photo["picture"], (1024, 512)), (photo["small"], (256, 128))):
        answer = client.get(f"/{address}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == size


def test_a_photo_whose_inversion_ends_while_photos_are_listed_is_not_called_new(client, studio, monkeypatch):
    photo, page = bring(client), studio.state(PhotoState)
    watched, listed = page.inversions._watched, page.photos.all
    watched[photo["id"]] = _Watched()

    def ended():
        found = list(listed())
        watched.clear()
        return found

    monkeypatch.setattr(page.photos, "all", ended)
    (row,) = client.get("/api/photos").json()["photos"]
    assert row["state"] == "inverting"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 not a picture", photo_bytes()[:60]])
def test_what_is_no_picture_is_refused_in_a_sentence_and_leaves_nothing(client, home, data):
    answer = client.post("/api/photos", params={"name": "x<b>.png"}, content=data)
    assert answer.status_code == 422
    problem = answer.json()
    assert set(problem) == {"title", "detail", "hint"} and problem["detail"]
    assert str(home) not in answer.text
    assert client.get("/api/photos").json()["photos"] == []
    folder = home / "studio" / "photos"
    assert [path for path in folder.iterdir() if path.is_file() or path.is_dir()] == []


def test_a_photo_that_is_too_large_is_refused(client, monkeypatch):
    monkeypatch.setitem(client.app._largest, "/api/photos", 1000)
    halves = iter([photo_bytes()[:900], photo_bytes()[900:]])
    for content in (photo_bytes(), halves):
        answer = client.post("/api/photos", params={"name": "x.png"}, content=content)
        assert (answer.status_code, answer.json()["title"]) == (413, "Too large")
    assert client.get("/api/photos").json()["photos"] == []


def test_the_kept_photos_have_a_limit(client, monkeypatch):
    bring(client)
    monkeypatch.setattr(photos, "MOST_KEPT", len(photo_bytes()))
    answer = client.post("/api/photos", content=photo_bytes())
    assert answer.status_code == 413
    assert "Delete one" in answer.json()["hint"]
    assert len(client.get("/api/photos").json()["photos"]) == 1


def test_the_square_is_remembered_over_a_restart(client, settings):
    photo = bring(client)
    answer = client.put(f"/api/photos/{photo['id']}/fit", json=CROP)
    assert answer.json()["fit"] == CROP
    wrong = client.put(f"/api/photos/{photo['id']}/fit", json=CROP | {"width": 0})
    assert wrong.status_code == 422
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as again:
        again.headers["x-inscape-token"] = TOKEN
        assert info(again, photo)["fit"] == CROP


def test_an_inversion_is_watched_and_kept(client, settings):
    photo = bring(client)
    job = invert(client, photo, seconds=4)
    assert (job["kind"], job["model"], job["layer"]) == ("inversion", "small", "layer16a")
    running = until(client, photo, lambda now: now["running"] and now["running"]["step"] > 0)["running"]
    assert running["stage"] in ("latent", "features", "adapted")
    assert 0 <= running["fraction"] <= 1 and running["curve"][-1][1] == pytest.approx(
        running["psnr"], abs=1e-3
    )
    picture = client.get(f"/{running['picture']}")
    assert Image.open(io.BytesIO(picture.content)).size == (32, 32)
    done = ready(client, photo)
    found = {each["stage"]: each for each in done["inversion"]["stages"]}
    reached = [found[stage]["psnr"] for stage in ("latent", "features", "adapted")]
    assert found["encoder"]["psnr"] is None and found["encoder"]["picture"] is None
    assert reached == sorted(reached) and done["inversion"]["psnr"] == reached[-1]
    assert done["inversion"]["lost"] is None  # this generator names no segmenter
    assert client.get("/api/jobs/" + job["id"]).json()["result"]["psnr"] == reached[-1]
    for stage in ("latent", "features", "adapted"):
        assert pixels_of(client.get(f"/{found[stage]['picture']}").content).shape == (32, 32, 3)
    assert client.get(f"/api/photos/{photo['id']}/stages/encoder.png").status_code == 404
    assert client.get(f"/api/photos/{photo['id']}/progress.jpg").status_code == 404
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as again:
        again.headers["x-inscape-token"] = TOKEN
        assert info(again, photo)["inversion"] == done["inversion"]


def test_stop_and_use_keeps_the_best_so_far(client):
    photo = bring(client)
    job = invert(client, photo, seconds=120)
    until(client, photo, lambda now: now["running"] and now["running"]["step"] > 1)
    answer = client.post(f"/api/photos/{photo['id']}/inversion/stop")
    assert answer.status_code == 200
    done = ready(client, photo)
    assert done["inversion"]["stopped"] and done["inversion"]["psnr"] > 0
    assert client.get("/api/jobs/" + job["id"]).json()["state"] == "done"
    painting = painting_on(client, photo, [strong(0, 4, 4)])
    assert exported(client, painting).shape == (256, 400, 3)
    assert client.post(f"/api/photos/{photo['id']}/inversion/stop").status_code == 409


def test_an_inversion_that_is_given_up_leaves_the_photo_as_it_was(client, home):
    photo = bring(client)
    job = invert(client, photo, seconds=120)
    again = invert(client, photo, seconds=50)
    assert again["id"] == job["id"]
    until(client, photo, lambda now: now["running"] and now["running"]["step"] > 0)
    client.delete("/api/jobs/" + job["id"])
    now = until(client, photo, lambda now: now["state"] == "new")
    assert now["inversion"] is None and now["asked"]["seconds"] == 120
    names = {path.name for path in (home / "studio" / "photos" / photo["id"]).iterdir()}
    assert names == {"photo", "screen.jpg", "small.jpg"}
    assert (
        client.post("/api/paintings", json={"model": "small", "seed": 0, "photo": photo["id"]}).status_code
        == 409
    )


def test_a_model_or_layer_that_is_not_there_is_named(shared):
    photo = bring(shared)
    place = f"/api/photos/{photo['id']}/inversion"
    for changes, status in (({"model": "smal"}, 404), ({"layer": "layer99"}, 404), ({"seconds": 0}, 422)):
        answer = shared.post(place, json={"model": "small", "seconds": 2, "fit": CROP} | changes)
        assert answer.status_code == status, answer.text
    assert shared.get("/api/photos/0123456789abcdef").status_code == 404
    assert shared.get("/api/photos/..%2Fx").status_code in (404, 422)


def test_a_photo_that_was_inverted_is_settled_and_a_copy_is_not(shared, house):
    place = f"/api/photos/{house['id']}"
    assert shared.put(f"{place}/fit", json=CROP).status_code == 409
    body = {"model": "small", "seconds": 2, "fit": CROP}
    assert shared.post(f"{place}/inversion", json=body).status_code == 409
    copy = shared.post(f"{place}/copy").json()
    assert (copy["state"], copy["fit"], copy["name"]) == ("new", CROP, "house.png")
    assert shared.put(f"/api/photos/{copy['id']}/fit", json=CROP | {"x": 0}).json()["fit"]["x"] == 0
    assert info(shared, house)["fit"] == CROP


def test_a_deleted_photo_takes_its_painting_along_and_both_come_back(shared):
    photo = bring(shared)
    invert(shared, photo)
    ready(shared, photo)
    painting = painting_on(shared, photo, [strong(0, 3, 3)])
    assert shared.delete(f"/api/photos/{photo['id']}").status_code == 204
    assert shared.get(f"/api/photos/{photo['id']}").status_code == 404
    assert shared.get(f"/{photo['small']}").status_code == 404
    assert shared.get(f"/api/paintings/{painting['id']}").status_code == 404
    assert photo["id"] not in [row["id"] for row in shared.get("/api/photos").json()["photos"]]
    assert shared.post(f"/api/photos/{photo['id']}/restore").json()["painting"] == painting["id"]
    assert shared.get(f"/api/paintings/{painting['id']}").status_code == 200


def test_what_lies_around_of_a_launch_that_was_killed_is_cleared_away(settings, home):
    import os

    folder = home / "studio" / "photos"
    (folder / "0123456789abcdef").mkdir(parents=True)
    (folder / ".1-half").write_bytes(b"half a photo")
    (folder / ".1-new").write_bytes(b"being sent")
    for name in ("0123456789abcdef", ".1-half"):
        os.utime(folder / name, (1, 1))
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        client.get("/api/photos")
    assert [path.name for path in folder.iterdir()] == [".1-new"]


def test_photos_outlive_a_list_that_was_damaged_and_moved_away(settings, home):
    import os

    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        photo = bring(client)
    os.utime(home / "studio" / "photos" / photo["id"], (1, 1))
    (home / "studio" / "photos.sqlite").unlink()
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        (found,) = client.get("/api/photos").json()["photos"]
        assert (found["id"], found["width"], found["height"]) == (photo["id"], *WIDE)
        assert pixels_of(client.get(f"/{found['small']}").content).shape[:2] == (164, 256)


def test_what_was_deleted_is_kept_for_a_week_from_then_on(settings, home):
    import sqlite3

    def since(table: str, column: str, days: float, sign: int = 1) -> None:
        with sqlite3.connect(home / "studio" / f"{table}.sqlite") as connection:
            connection.execute(f"UPDATE {table} SET {column} = ?", (sign * int(time.time() - days * 86400),))
        connection.close()

    app = create_app(settings)
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        photo = bring(client)
        painting = client.post("/api/paintings", json={"model": "small", "seed": 1}).json()
        since("photos", "updated", 30)
        since("paintings", "updated", 30)
        client.delete(f"/api/photos/{photo['id']}")
        client.delete(f"/api/paintings/{painting['id']}")
    for days, found in ((0, 200), (8, 404)):
        if days:
            for table in ("photos", "paintings"):
                since(table, "updated", 30)
                since(table, "deleted", days)
        with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
            client.headers["x-inscape-token"] = TOKEN
            for kind, one in (("photos", photo), ("paintings", painting)):
                answer = client.post(f"/api/{kind}/{one['id']}/restore")
                assert answer.status_code == found, (kind, days, answer.text)
