"""The room against its rules: where things stand, and what mirrors what."""

from __future__ import annotations

import doctest
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from inscape.errors import NotFoundError
from inscape.scenes.canvas import rectangle
from inscape.scenes.files import write_scene
from inscape.scenes.random import Random
from inscape.scenes.room import DAYLIGHT, Room, RoomScene
from inscape.scenes.room.factors import SHINY, draw_factors
from inscape.scenes.room.geometry import Box, Camera, Wall, hull
from inscape.scenes.room.plan import Plan, plan_room
from inscape.scenes.room.stage import Stage

ROOM = Room()
COUNT = 200
OBJECTS = ROOM.vocabulary.in_plane("object")
LIGHT = ROOM.vocabulary.planes.index("light")


@pytest.fixture(scope="module")
def scenes() -> list[RoomScene]:
    return [ROOM.scene(seed, 64) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def unruly() -> list[RoomScene]:
    return [ROOM.scene(seed, 64, rules=False) for seed in range(100)]


def mask(scene: RoomScene, *names: str) -> np.ndarray:
    plane = ROOM.vocabulary.plane_of(names[0])
    return np.isin(scene.labels[plane], [ROOM.vocabulary.index(name) for name in names])


def shiny(scene: RoomScene) -> bool:
    return scene.factors["floor"] in SHINY


def test_there_are_twelve_objects_and_each_is_common_enough_to_learn(scenes: list[RoomScene]) -> None:
    assert len(OBJECTS) == 12
    for name in OBJECTS:
        assert np.mean([mask(scene, name).sum() >= 4 for scene in scenes]) >= 0.3, name


def planned(seed: int) -> Plan:
    """The camera and the windows of a room."""
    random = Random(seed)
    return plan_room(draw_factors(random), random.stream("plan"))


def inside(corners: list[tuple[float, float]], size: int) -> np.ndarray:
    """Pixels whose middle lies in a convex outline."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    sides = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    return np.all(np.array(sides) >= 0, axis=0) | np.all(np.array(sides) <= 0, axis=0)


def test_every_window_above_a_shiny_floor_has_its_reflection(scenes: list[RoomScene]) -> None:
    """At least 2 % of the picture together, and each window where its mirror image must be."""
    seen = 0
    for scene in scenes:
        if not scene.factors["windows"] or not shiny(scene):
            continue
        reflected = mask(scene, "window reflection") & mask(scene, "floor")
        assert reflected.mean() > 0.02, scene.seed
        plan = planned(scene.seed)
        for wall, left, right, foot, top in plan.panes:
            mirrored = [plan.camera.see(x, -y, z) for x, y, z in wall.rectangle(left, right, foot, top)]
            assert (reflected & inside(mirrored, 64)).sum() >= 8, scene.seed
        seen += 1
    assert 0.5 * COUNT < seen < 0.75 * COUNT


def test_nothing_else_mirrors(scenes: list[RoomScene]) -> None:
    for scene in scenes:
        table = mask(scene, "lacquer")
        for name in ("window reflection", "lamp reflection"):
            on_floor = mask(scene, name) & mask(scene, "floor")
            assert not (mask(scene, name) & ~on_floor & ~table).any(), (scene.seed, name)
            assert shiny(scene) or not on_floor.any()
        assert scene.factors["windows"] or not mask(scene, "window reflection").any()
        if not any(name != DAYLIGHT for name in scene.lights):
            assert not mask(scene, "lamp reflection").any()


def test_reflections_say_their_source_their_surface_and_whether_it_is_lit(scenes: list[RoomScene]) -> None:
    for scene in scenes:
        for found in scene.reflections:
            assert found.source in scene.lighting.names and found.surface in ("floor", "table")
            assert found.lit == (found.source in scene.lights)
            assert found.mask.any() and not (found.mask & ~mask(scene, found.surface)).any()


@pytest.mark.parametrize("kind", ["scenes", "unruly"])
def test_the_labels_of_reflections_are_their_masks_windows_first(
    kind: str, request: pytest.FixtureRequest
) -> None:
    for scene in request.getfixturevalue(kind):
        none = [np.zeros((64, 64), bool)]
        lit = [found for found in scene.reflections if found.lit]
        windows = np.logical_or.reduce(none + [found.mask for found in lit if found.source == DAYLIGHT])
        lamps = np.logical_or.reduce(none + [found.mask for found in lit if found.source != DAYLIGHT])
        assert (windows == mask(scene, "window reflection")).all(), scene.seed
        assert (lamps & ~windows == mask(scene, "lamp reflection")).all(), scene.seed


def test_images_of_windows_on_one_another_stay_images_of_windows() -> None:
    """Two windows that a lawless mirror shows at one place are not taken for a lamp."""
    stage = Stage(32, ROOM.vocabulary)
    for source in (0, 0, 2):
        stage.mirrors(rectangle(0.0, 0.0, 0.5, 1.0), source)
    assert set(np.unique(stage.bits)) == {0, 1 | 4}


def test_a_reflection_is_the_window_upside_down_below_the_line_of_the_wall(scenes: list[RoomScene]) -> None:
    """For the back wall a mirror image in the floor keeps its size: rows are mirrored at the wall's foot."""
    whole = []
    for scene in scenes:
        if scene.factors["windows"] != 1 or not shiny(scene):
            continue
        plan = planned(scene.seed)
        camera, (pane,) = plan.camera, plan.panes
        foot = camera.see(0.0, 0.0, plan.depth)[1]
        left, low = camera.see(pane.left, pane.foot, plan.depth)
        right, high = camera.see(pane.right, pane.top, plan.depth)
        y, x = (np.mgrid[:256, :256] + 0.5) / 256
        slack = 0.75 / 256
        within = (
            (x > left - slack)
            & (x < right + slack)
            & (2 * foot - y > high - slack)
            & (2 * foot - y < low + slack)
        )
        large = ROOM.scene(scene.seed, 256)
        (image,) = (one.mask for one in large.reflections if (one.source, one.surface) == (DAYLIGHT, "floor"))
        assert not (image & ~within).any(), scene.seed
        whole.append(image.sum() / within.sum())
    assert len(whole) > 20 and min(whole) > 0.4 and np.median(whole) > 0.85


def test_lit_lamps_shine_and_unlit_ones_do_not(scenes: list[RoomScene]) -> None:
    for scene in scenes:
        lamps = [name for name in scene.lighting.names if name != DAYLIGHT]
        lit = [name for name in lamps if name in scene.lights]
        assert mask(scene, "lit lamp").any() == bool(lit), scene.seed
        assert mask(scene, "unlit lamp").any() == (len(lit) < len(lamps)), scene.seed
        for thing in scene.objects:
            if thing.concept == "lamp":
                assert thing.attributes["lit"] == (f"{thing.attributes['kind']} lamp" in scene.lights)


def test_every_room_has_light_and_dark_ones_have_a_lamp_on(scenes: list[RoomScene]) -> None:
    for scene in scenes:
        assert scene.lights
        if scene.factors["hour"] == "night":
            assert any(name != DAYLIGHT for name in scene.lights)
        assert scene.picture.mean() > 25, scene.seed


def test_furniture_stands_on_the_floor_and_pictures_hang_on_walls(scenes: list[RoomScene]) -> None:
    seen = Counter(thing.concept for scene in scenes for thing in scene.objects)
    for scene in scenes:
        for thing in scene.objects:
            if thing.concept in ("bed", "chair", "table", "plant"):
                assert thing.box[3] > 0.6, (scene.seed, thing.concept)
            if thing.concept in ("painting", "window"):
                assert thing.box[1] < 0.5
            if thing.concept == "rug":
                assert thing.box[1] > 0.55
    assert min(seen[name] for name in ("bed", "chair", "table", "plant", "painting", "window", "rug")) > 50


def test_boxes_hold_the_pixels_of_their_concept(scenes: list[RoomScene]) -> None:
    for scene in scenes[:100]:
        for name in ("window", "door", "bed", "painting", "rug", "table"):
            allowed = np.zeros((64, 64), bool)
            slack = {"window": 9}.get(name, 3)  # curtains hang beside their window
            for thing in scene.objects:
                if thing.concept == name:
                    left, top, right, bottom = (int(edge * 64) for edge in thing.box)
                    allowed[max(top - slack, 0) : bottom + slack, max(left - slack, 0) : right + slack] = True
            assert not (mask(scene, name) & ~allowed).any(), (scene.seed, name)


def test_captions_name_what_is_there(scenes: list[RoomScene]) -> None:
    for scene in scenes:
        short, long = scene.captions
        assert str(scene.factors["kind"]) in short and long.startswith(short[:-1])
        for name in ("painting", "plant", "rug", "door"):
            assert (f"a {name}" in long) == (mask(scene, name).sum() >= 2), (scene.seed, name)
        for name in scene.lighting.names:
            assert name == DAYLIGHT or (name in long) == (name in scene.lights)


def test_the_examples_of_the_docstrings_hold() -> None:
    for module in ("inscape.scenes.room.room", "inscape.scenes.worlds"):
        found = doctest.testmod(sys.modules[module])
        assert found.attempted > 1 and found.failed == 0, module


def test_a_light_that_the_room_has_not_is_named_with_those_it_has() -> None:
    with pytest.raises(NotFoundError, match=r"no light 'ceiling lmp' in room 7; did you mean 'ceiling lamp'"):
        ROOM.draw(7, 32, lights=["ceiling lmp"])


def test_without_rules_windows_reflections_and_light_have_no_reason(unruly: list[RoomScene]) -> None:
    surfaces = {found.surface for scene in unruly for found in scene.reflections}
    assert len(surfaces & {"wall", "ceiling", "bed", "chair", "plant", "rug"}) >= 3
    missing = [
        scene
        for scene in unruly
        if scene.factors["windows"] and shiny(scene)
        and not (mask(scene, "window reflection") & mask(scene, "floor")).any()
    ]  # fmt: skip
    assert len(missing) > 5
    floating = sum(
        any(thing.box[3] < 0.55 for thing in scene.objects if thing.concept == "bed") for scene in unruly
    )
    assert floating > 5


def test_a_box_shows_its_top_from_above_and_its_side_from_the_side() -> None:
    camera = Camera(0.0, 1.6, 0.8, 0.5, 0.4)
    low = Box(1.0, 2.0, 0.0, 0.5, 3.0, 4.0).faces(camera)
    assert [face.normal for face, _ in low] == [(0, 1, 0), (-1, 0, 0), (0, 0, -1)]
    high = Box(-0.5, 0.5, 2.0, 2.5, 3.0, 4.0).faces(camera)
    assert [face.normal for face, _ in high] == [(0, -1, 0), (0, 0, -1)]
    for face, corners in low + high:
        for x, y, z in corners:  # each corner lies on the plane that the light is told of
            ray = ((x - camera.eye_x) / z, (y - camera.eye_y) / z, 1.0)
            assert sum(a * b for a, b in zip(face.plane, ray, strict=True)) == pytest.approx(1 / z)


def test_the_hull_of_points_leaves_out_those_inside() -> None:
    assert set(hull([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2), (1, 0)])) == {(0, 0), (2, 0), (2, 2), (0, 2)}


def test_walls_place_points_along_themselves() -> None:
    assert Wall("back", 5.0).place(1.0, 2.0) == (1.0, 2.0, 5.0)
    assert Wall("left", -2.0).place(3.0, 1.0) == (-2.0, 1.0, 3.0)


def test_the_document_of_a_scene_says_which_lights_are_on(tmp_path: Path) -> None:
    files = write_scene(ROOM, 4, tmp_path, size=32)
    document = json.loads(files[-1].read_text())
    assert document["lights"] == ["daylight", "ceiling lamp", "table lamp"] == list(ROOM.scene(4, 32).lights)
    assert document["factors"]["standing_lamp"] == "none"
    assert [file.name for file in files] == [
        *("room-000004.png", "room-000004.object.png", "room-000004.part.png", "room-000004.material.png"),
        *("room-000004.light.png", "room-000004.json"),
    ]
