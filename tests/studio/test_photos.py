from __future__ import annotations

import base64
import io
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inscape.models import open_model
from inscape.photos import Inversion, PhotoSession, read_photo
from inscape.regions import Region
from inscape.studio.app import create_app
from inscape.studio.pages.photo import photos
from inscape.studio.pages.photo.inversions import _Watched
from inscape.studio.pages.photo.page import PhotoState
from inscape.studio.paintings import Stroke
from inscape.studio.shapes import region_of
from inscape.studio.studio import Settings
from photos.painted_photo import some_photo
from studio.messages import PORT, TOKEN, add, frame, request_bytes
from studio.web_client import TestClient

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


@pytest.fixture(scope="module")
def studio_settings(dissected_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("photos-home")
    return Settings(port=PORT, token=TOKEN, models={"small": dissected_model}, device="cpu", home=home)


@pytest.fixture(scope="module")
def shared(studio_settings: Settings) -> Iterator[TestClient]:
    """One studio for the tests that invert nothing of their own."""
    with TestClient(create_app(studio_settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        yield client


@pytest.fixture(scope="module")
def house(shared: TestClient) -> dict:
    """A photo that has been inverted."""
    photo = bring(shared)
    invert(shared, photo)
    return ready(shared, photo)


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


def the_same_in_python(studio_settings: Settings, house: dict, painting: dict, **limits) -> np.ndarray:
    """What the library makes of the strokes of a painting."""
    generator = open_model(studio_settings.models["small"], device="cpu")
    folder = studio_settings.home / "studio" / "photos" / house["id"]
    inversion = Inversion.load(folder / "photo.inversion.safetensors")
    session = PhotoSession(generator, inversion)
    strokes = [Stroke(**each["stroke"]) for each in painting["operations"] if each["kind"] == "stroke"]
    from inscape.editing import UnitEdit

    edits = [
        UnitEdit(each.layer, tuple(each.units), np.asarray(each.values, np.float32), region_of(each.region))
        for each in strokes
        if each.mode == "draw"
    ]
    photo = read_photo(photo_bytes()).fitted(inversion.fit)
    return session.compose(photo, edits, **limits)


def influence(client, painting: dict) -> tuple[np.ndarray, dict]:
    found = client.get(f"/api/paintings/{painting['id']}/influence").json()
    raw = zlib.decompress(base64.b64decode(found["map"]))
    return np.frombuffer(raw, np.uint8).reshape(found["size"], found["size"]), found


def changed_outside(photo: np.ndarray, after: np.ndarray, numbers: np.ndarray) -> int:
    """How many pixels of a photo changed although nothing is marked there."""
    marked = np.zeros(photo.shape[:2], bool)
    scale = int(CROP["width"]) // len(numbers)
    square = np.kron(numbers > 0, np.ones((scale, scale), bool))
    left = int(CROP["x"])
    marked[:, left : left + square.shape[1]] = square
    return int((photo != after).any(2)[~marked].sum())


def test_the_export_is_what_the_library_makes_and_the_rest_is_the_photos_own(shared, house, studio_settings):
    painting = painting_on(shared, house, [strong(0, 3, 3)])
    after, before = exported(shared, painting), pixels_of(photo_bytes())
    assert np.array_equal(after, the_same_in_python(studio_settings, house, painting))
    numbers, found = influence(shared, painting)
    assert (after != before).any() and found["islands"][0]["area"] > 0
    assert changed_outside(before, after, numbers) == 0


def test_a_painting_without_strokes_is_the_photo(shared, house):
    assert np.array_equal(exported(shared, painting_on(shared, house, [])), pixels_of(photo_bytes()))


def test_an_island_is_dropped_taken_back_and_painted_into(shared, house):
    painting = painting_on(shared, house, [strong(0, 1, 1, 2), strong(1, 12, 12, 2)])
    numbers, found = influence(shared, painting)
    place = numbers[28, 28]
    assert place > 0 and len(found["islands"]) >= 2
    mask = Region.from_mask((numbers == place).astype(np.float32)).to_json()
    drop = add(7, mode="drop", concept=None, region=mask)
    dropped = painting_on(shared, house, [*painting["operations"], drop])
    numbers_then, found_then = influence(shared, dropped)
    said = {each["number"]: each["dropped"] for each in found_then["islands"]}
    assert said[place] == ["s7"] and (numbers_then == place).any()
    before, after = pixels_of(photo_bytes()), exported(shared, dropped)
    assert np.array_equal(after[200:256, 268:316], before[200:256, 268:316])
    assert (after[:64, 60:124] != before[:64, 60:124]).any()
    hidden = painting_on(
        shared, house, [*dropped["operations"], {"kind": "hide", "stroke": "s7", "hidden": True}]
    )
    assert np.array_equal(exported(shared, hidden), exported(shared, painting))
    more = painting_on(shared, house, [*dropped["operations"], strong(8, 12, 12, 2)])
    assert all(each["dropped"] == [] for each in influence(shared, more)[1]["islands"])


def test_what_changes_is_the_sum_of_the_islands_that_are_kept(shared, house):
    painting = painting_on(shared, house, [strong(0, 1, 1, 2), strong(1, 12, 12, 2)])
    numbers, found = influence(shared, painting)
    mask = Region.from_mask((numbers == numbers[28, 28]).astype(np.float32)).to_json()
    drop = add(7, mode="drop", concept=None, region=mask)
    keep = add(8, mode="keep", concept=None, region=box_mask(0, 0, 5, 5))
    for limits in ([], [drop], [keep], [keep, drop]):
        _, found = influence(shared, painting_on(shared, house, [*painting["operations"], *limits]))
        kept = [each["area"] for each in found["islands"] if not each["dropped"]]
        assert found["area"] == pytest.approx(sum(kept), abs=1e-9)
        assert found["area"] > 0 or keep in limits
        assert all(each["area"] > 0 for each in found["islands"])


def test_where_the_photo_is_kept_no_pixel_changes(shared, house):
    painting = painting_on(shared, house, [strong(0, 3, 3, 6)])
    free = exported(shared, painting)
    keep = add(5, mode="keep", concept=None, region=box_mask(0, 0, 16, 32))
    kept = exported(shared, painting_on(shared, house, [*painting["operations"], keep]))
    before = pixels_of(photo_bytes())
    corner = (slice(0, 128), slice(60, 188))
    assert (free[corner] != before[corner]).any()
    assert np.array_equal(kept[corner], before[corner])
    assert (kept != before).any()


def test_the_socket_sends_what_changes_and_where(shared, house):
    before = pixels_of(shared.get(f"/{house['picture']}").content).astype(int)
    place, headers = f"ws://127.0.0.1:{PORT}/api/paint", dict(shared.headers)
    with shared.websocket_connect(place, headers=headers) as socket:
        ground = {"type": "ground", "model": "small", "seed": 0, "photo": house["id"], "strokes": []}
        socket.send_json(ground)
        socket.send_bytes(request_bytes(1, final=True))
        header, _ = frame(socket.receive_bytes())
        assert header["box"] == [0, 0, 0, 0] and header["influence"]["islands"] == []
        mask = np.zeros((16, 16), np.uint8)
        mask[3:6, 3:6] = 255
        chosen = {"concept": None, "units": [0, 1, 2, 3], "values": [9.0, -9.0, 9.0, -9.0]}
        socket.send_bytes(request_bytes(2, mask, final=True, **chosen))
        header, data = frame(socket.receive_bytes())
        assert header["units"] == [0, 1, 2, 3] and header["influence"]["area"] > 0
        keep = {"mode": "keep", "concept": None, "units": [], "values": []}
        socket.send_json(ground | {"strokes": [strong(0, 3, 3)["stroke"]]})
        socket.send_bytes(request_bytes(3, np.full((32, 32), 255, np.uint8), final=True, **keep))
        kept, _ = frame(socket.receive_bytes())
        assert (kept["box"], kept["units"]) == ([0, 0, 0, 0], [])
    x, y, width, height = header["box"]
    patch = pixels_of(data).astype(int)
    assert patch.shape[:2] == (round(height * 256), round(width * 400))
    part = before[round(y * 256) :, round(x * 400) :][: patch.shape[0], : patch.shape[1]]
    assert np.abs(patch - part).mean() > 4
    full = exported(shared, painting_on(shared, house, [strong(0, 3, 3)])).astype(int)
    same = full[round(y * 256) :, round(x * 400) :][: patch.shape[0], : patch.shape[1]]
    assert np.abs(patch - same).mean() < 3


def test_strokes_that_limit_need_a_photo(shared):
    body = {"model": "small", "seed": 1, "operations": [add(0, mode="keep", concept=None)]}
    painting = shared.post("/api/paintings", json=body).json()
    answer = shared.get(f"/api/paintings/{painting['id']}/export.png")
    assert answer.status_code == 422 and "Only strokes on a photo" in answer.json()["detail"]
    assert shared.get(f"/api/paintings/{painting['id']}/influence").status_code == 422


def test_a_layer_below_the_inversions_is_refused(shared, house):
    painting = painting_on(shared, house, [strong(0, 3, 3, layer="layer8a", units=[0], values=[3.0])])
    answer = shared.get(f"/api/paintings/{painting['id']}/export.png")
    assert answer.status_code == 404 and "layer8a" in answer.json()["detail"]


def test_a_painting_on_a_photo_has_no_recipe_and_names_its_photo(shared, house):
    painting = painting_on(shared, house, [strong(0, 3, 3)])
    assert shared.get(f"/api/paintings/{painting['id']}/recipe.json").status_code == 422
    rows = {row["id"]: row for row in shared.get("/api/paintings").json()["paintings"]}
    assert rows[painting["id"]]["photo"] == house["id"]
    assert info(shared, house)["painting"] == painting["id"]
    small = shared.get(f"/api/paintings/{painting['id']}/picture.jpg?size=128").content
    assert Image.open(io.BytesIO(small)).size == (128, 82)
    activity = {"seed": 0, "photo": house["id"], "layer": "layer16a", "region": box_mask(2, 2, 3)}
    assert len(shared.post("/api/models/small/activity", json=activity).json()["units"]) == 8


def test_the_appearance_of_a_place_is_picked_up_and_painted_elsewhere(shared, house):
    place = {"seed": 0, "layer": "layer16a", "region": box_mask(2, 2, 3)}
    own = shared.post("/api/models/small/appearance", json=place | {"seed": 7}).json()
    found = shared.post("/api/models/small/appearance", json=place | {"photo": house["id"]}).json()
    assert found["units"] == own["units"] == list(range(8))
    assert found["values"] != own["values"]
    same = add(0, concept=None, units=found["units"], values=found["values"], region=box_mask(2, 2, 3))
    elsewhere = same | {"stroke": same["stroke"] | {"region": box_mask(10, 10, 3)}}
    before = pixels_of(photo_bytes()).astype(int)
    moved = np.abs(exported(shared, painting_on(shared, house, [elsewhere])).astype(int) - before)
    assert moved.any()
    painting = painting_on(shared, house, [elsewhere])
    kept = shared.get(f"/api/paintings/{painting['id']}").json()["operations"][0]["stroke"]
    assert kept["values"] == pytest.approx(found["values"])
    command = shared.get(f"/api/paintings/{painting['id']}/command").json()
    assert "only the Python has its values" in command["cli"]


def test_the_python_that_is_shown_makes_the_same_picture(shared, house, tmp_path):
    keep = add(5, mode="keep", concept=None, region=box_mask(0, 0, 8, 32))
    painting = painting_on(shared, house, [strong(0, 3, 3), keep])
    command = shared.get(f"/api/paintings/{painting['id']}/command").json()
    (tmp_path / "house.png").write_bytes(photo_bytes())
    file = shared.get(f"/api/photos/{house['id']}/inversion/file")
    assert 'filename="house.png.inversion.safetensors"' in file.headers["content-disposition"]
    (tmp_path / "inverted").mkdir()
    (tmp_path / "inverted" / "house.inversion.safetensors").write_bytes(file.content)
    subprocess.run([sys.executable, "-c", command["python"]], check=True, cwd=tmp_path, timeout=120)
    made = pixels_of((tmp_path / "painted.png").read_bytes())
    assert np.array_equal(made, exported(shared, painting))
    first, second = command["cli"].splitlines()
    assert first.startswith("inscape invert house.png --model ") and "--box 60,0,256,256" in first
    assert " --box 108,48,48,48 --photo house.png --inversion inverted/house.inversion.safetensors" in second
    assert "--units 0,1,2,3 --layer layer16a" in second


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


def test_a_square_that_is_moved_while_it_is_inverted_is_put_back(shared, studio_settings):
    photo = bring(shared)
    invert(shared, photo)
    elsewhere = {"mode": "crop", "x": 0.0, "y": 0.0, "width": 64.0, "height": 64.0}
    assert shared.put(f"/api/photos/{photo['id']}/fit", json=elsewhere).status_code == 200
    assert ready(shared, photo)["fit"] == CROP
    painting = painting_on(shared, photo, [strong(0, 3, 3)])
    assert np.array_equal(exported(shared, painting), the_same_in_python(studio_settings, photo, painting))


def test_each_stroke_of_the_command_line_writes_a_picture_of_its_own(shared, house):
    painting = painting_on(shared, house, [strong(0, 3, 3), strong(1, 9, 9)])
    lines = shared.get(f"/api/paintings/{painting['id']}/command").json()["cli"].splitlines()
    assert lines[1].startswith("# ") and [line.rpartition(" ")[2] for line in lines[2:]] == [
        "painted-1.png",
        "painted-2.png",
    ]


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
