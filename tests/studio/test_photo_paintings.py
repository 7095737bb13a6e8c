from __future__ import annotations

import base64
import io
import zlib

import numpy as np
import pytest
from PIL import Image

from inscape.models import open_model
from inscape.photos import Inversion, PhotoSession, read_photo
from inscape.regions import Region
from inscape.studio.shapes import region_of
from inscape.studio.strokes import Stroke
from inscape.studio.studio import Settings
from studio.messages import PORT, add, frame, request_bytes
from studio.photo_requests import (
    CROP,
    box_mask,
    bring,
    exported,
    info,
    invert,
    painting_on,
    photo_bytes,
    pixels_of,
    ready,
    strong,
)
from warm import warm_python


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
    assert warm_python("-c", command["python"], folder=tmp_path).returncode == 0
    made = pixels_of((tmp_path / "painted.png").read_bytes())
    assert np.array_equal(made, exported(shared, painting))
    first, second = command["cli"].splitlines()
    assert first.startswith("inscape invert house.png --model ") and "--box 60,0,256,256" in first
    assert " --box 108,48,48,48 --photo house.png --inversion inverted/house.inversion.safetensors" in second
    assert "--units 0,1,2,3 --layer layer16a" in second


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
