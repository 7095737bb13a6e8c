"""The light of rooms: sums of parts, the laws that it follows, and pictures in which only light changes."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest

from inscape.errors import NotFoundError
from inscape.scenes.canvas import rectangle
from inscape.scenes.room import DAYLIGHT, Room, RoomScene
from inscape.scenes.room.geometry import Camera, Face
from inscape.scenes.room.light import Bulb, Opening, Sources, display, light
from inscape.scenes.room.stage import Stage
from inscape.scenes.room.vocabulary import VOCABULARY

ROOM = Room()
SIZE = 64


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(names, count) for count in range(len(names) + 1)))


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """A mask with the pixels around it, which a blurred image reaches."""
    for _ in range(pixels):
        wide = np.pad(mask, 1)
        mask = mask | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return mask


@pytest.fixture(scope="module", params=[3, 4, 5, 8, 16, 42])
def scene(request: pytest.FixtureRequest) -> RoomScene:
    return ROOM.scene(request.param, SIZE)


def test_the_linear_picture_of_all_lights_is_the_sum_of_its_parts(scene: RoomScene) -> None:
    alone = {name: scene.lighting.linear([name]) for name in scene.lighting.names}
    assert all(part.max() > 0.05 and part.min() >= 0 for part in alone.values())
    for lights in subsets(scene.lighting.names):
        drawn = ROOM.draw(scene.seed, SIZE, lights=lights)
        total = sum((alone[name] for name in lights), np.zeros((SIZE, SIZE, 3)))
        assert np.abs(drawn.lighting.linear(lights) - total).max() < 1e-5
        assert (drawn.picture == display(drawn.lighting.linear(lights), scene.lighting.exposure)).all()


def test_lights_move_nothing(scene: RoomScene) -> None:
    for lights in subsets(scene.lighting.names):
        drawn = ROOM.draw(scene.seed, SIZE, lights=lights)
        assert (drawn.labels[:3] == scene.labels[:3]).all()
        assert (drawn.lighting.surface == scene.lighting.surface).all()
        assert (drawn.lighting.maps == scene.lighting.maps).all()
        assert drawn.lights == lights
        for one, other in zip(drawn.reflections, scene.reflections, strict=True):
            assert (one.mask == other.mask).all() and one.lit == (one.source in lights)


def test_without_any_light_a_room_is_black(scene: RoomScene) -> None:
    dark = ROOM.draw(scene.seed, SIZE, lights=[])
    assert (dark.picture == 0).all()
    assert not np.isin(
        dark.labels[3], [VOCABULARY.index("lit lamp"), VOCABULARY.index("window reflection")]
    ).any()


def test_a_light_that_a_room_has_not_is_refused_with_those_it_has(scene: RoomScene) -> None:
    for shown in (scene.lighting.linear, scene.lighting.picture):
        with pytest.raises(NotFoundError, match="no light 'candle' in this room") as refused:
            shown([*scene.lighting.names, "candle"])
        assert all(name in str(refused.value.hint) for name in scene.lighting.names)


def test_a_reflection_brightens_its_mask_when_its_source_is_on(scene: RoomScene) -> None:
    """Elsewhere the camera sees a source at itself alone: next to nothing of a window, the halo of a lamp."""
    lighting = scene.lighting
    for number, name in enumerate(lighting.names):
        lit = lighting.surface * lighting.maps[number][..., None] * lighting.tints[number]
        extra = (lighting.linear([name]) - lit).sum(2)
        itself = scene.labels[0] == VOCABULARY.index("window" if name == DAYLIGHT else "lamp")
        images = [found.mask for found in scene.reflections if found.source == name]
        assert all(extra[image].mean() > 0.3 for image in images), name
        elsewhere = extra[~grown(np.logical_or.reduce([itself, *images]), 3)]
        assert elsewhere.max() < (0.05 if name == DAYLIGHT else 0.3), name
        assert elsewhere.mean() < 0.006, name


def stage_of(camera: Camera, *faces: Face) -> Stage:
    """A picture split into upright bands, one for each face."""
    stage = Stage(SIZE, VOCABULARY)
    stage.camera = camera
    for number, face in enumerate(faces):
        stage.on(face)
        band = rectangle(number / len(faces), 0.0, 1 / len(faces), 1.0)
        stage.fill(band, (1.0, 1.0, 1.0), ("wall", "plaster"))
    return stage


def test_light_falls_by_distance_and_angle_as_the_formula_says() -> None:
    """Against the formula in double precision, point by point of a floor."""
    camera = Camera(0.0, 1.6, 0.8, 0.5, 0.0)
    floor = camera.face((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    place, middle = (0.4, 2.0, 3.0), (0.0, 1.5, 5.0)
    sources = Sources(
        (Opening(middle, (0.0, 0.0, -1.0), 2.0),),
        (1.0, 1.0, 1.0),
        (Bulb("table lamp", place, 1.5, (0.5, 0.2, 1.0), (1.0, 0.5, 0.2)),),
        1.0, (-2.0, 0.0, 0.0), (2.0, 3.0, 5.0),
    )  # fmt: skip
    lighting = light(stage_of(camera, floor), sources)
    assert lighting.names == (DAYLIGHT, "table lamp")
    for row, column in ((20, 10), (40, 32), (60, 50)):
        x, y = (column + 0.5) / SIZE, (row + 0.5) / SIZE
        z = 0.8 * 1.6 / y
        point = np.array([(x - 0.5) * z / 0.8, 0.0, z])
        way = np.array(place) - point
        square = way @ way
        rise = way[1] / np.sqrt(square)
        lamp = 1.5 * ((0.84 * rise + 0.16) * (0.5 + 1.0 * rise) / (square + 0.12) + 0.06)
        assert lighting.maps[1, row, column] == pytest.approx(lamp, rel=2e-3)
        way = np.array(middle) - point
        square = way @ way
        facing = 0.84 * way[1] / np.sqrt(square) + 0.16
        window = facing * way[2] / np.sqrt(square) / (square * np.pi / (2.0 * 5.5) + 1 / 5.5) + 2.0 * 0.11
        assert lighting.maps[0, row, column] == pytest.approx(window, rel=2e-3)


def test_a_lamp_lights_what_is_near_more_than_what_is_far(scene: RoomScene) -> None:
    """The brightest twentieth of a lamp's map lies closer to its shade than the darkest half."""
    large = ROOM.draw(scene.seed, 128)
    y, x = np.mgrid[:128, :128]
    for thing in large.objects:
        if thing.concept != "lamp":
            continue
        falls = large.lighting.maps[large.lighting.names.index(f"{thing.attributes['kind']} lamp")]
        left, top, right, bottom = (edge * 128 for edge in thing.box)
        away = np.hypot(x - (left + right) / 2, y - (top + bottom) / 2)
        assert away[falls > np.quantile(falls, 0.95)].mean() < away[falls < np.median(falls)].mean()


def test_faces_meet_without_steps() -> None:
    """A pixel that two faces share has a light between theirs."""
    camera = Camera(0.0, 1.6, 0.8, 0.5, 0.4)
    faces = [
        camera.face(normal, (0.0, 0.0, 5.0), (0.0, 0.0, 0.0))
        for normal in ((0.0, 0.0, -1.0), (0.0, 0.6, -0.8))
    ]
    sources = Sources(
        (),
        (0.0, 0.0, 0.0),
        (Bulb("table lamp", (0.0, 2.5, 3.5), 1.0, (1.0, 0.0, 0.0), (1.0, 1.0, 1.0)),),
        1.0,
        (-2.0, 0.0, 0.0),
        (2.0, 3.0, 5.0),
    )
    stage = Stage(SIZE, VOCABULARY)
    stage.camera = camera
    for face, edge in zip(faces, (0.0, 0.5 + 0.25 / SIZE), strict=True):
        stage.on(face)
        stage.fill(rectangle(edge, 0.0, 1.0 - edge, 1.0), (1.0, 1.0, 1.0), ("wall", "plaster"))
    falls = light(stage, sources).maps[0]
    left, between, right = falls[20, 31], falls[20, 32], falls[20, 33]
    assert min(left, right) < between < max(left, right)


def test_the_display_shows_more_light_brighter_and_white_as_white() -> None:
    levels = display(np.linspace(0, 12, 400, dtype=np.float32))
    assert levels[0] == 0 and levels[-1] == 255
    assert (np.diff(levels.astype(int)) >= 0).all()
    exact = 255 * (1.055 * (1 - np.exp(-0.5)) ** (1 / 2.4) - 0.055)
    assert display(np.array([0.5], np.float32))[0] == pytest.approx(exact, abs=1)
