"""The town against its committed labels and pixels, its rules, and its own descriptions."""

from __future__ import annotations

import hashlib
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from inscape.errors import ValueRangeError
from inscape.scenes import Scene, SceneObject, world
from inscape.scenes.random import Random
from inscape.scenes.town.factors import draw_factors

DATA = Path(__file__).parent.parent / "data"
COUNT = 300
TOWN = world("town")
OBJECTS = TOWN.vocabulary.in_plane("object")


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [TOWN.scene(seed, 64) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def unruly() -> list[Scene]:
    return [TOWN.scene(seed, 64, rules=False) for seed in range(100)]


def mask(scene: Scene, *names: str) -> np.ndarray:
    return np.isin(scene.labels[0], [TOWN.vocabulary.index(name) for name in names])


def things(scene: Scene, concept: str, **attributes: object) -> list[SceneObject]:
    return [
        thing
        for thing in scene.objects
        if thing.concept == concept and attributes.items() <= thing.attributes.items()
    ]


def within(inner: SceneObject, outer: SceneObject, slack: float = 0.012) -> bool:
    return (
        inner.box[0] >= outer.box[0] - slack
        and inner.box[1] >= outer.box[1] - slack
        and inner.box[2] <= outer.box[2] + slack
        and inner.box[3] <= outer.box[3] + slack
    )


@pytest.mark.parametrize(("rules", "name"), [(True, "rules"), (False, "no_rules")])
def test_labels_are_those_that_were_frozen(
    rules: bool, name: str, scenes: list[Scene], unruly: list[Scene]
) -> None:
    frozen = json.loads((DATA / "town_labels.json").read_text())[name]
    drawn = [
        hashlib.sha256(scene.labels.tobytes()).hexdigest()[:12] for scene in (scenes if rules else unruly)
    ]
    assert len(frozen) == len(drawn)
    assert [seed for seed, (a, b) in enumerate(zip(frozen, drawn, strict=True)) if a != b] == []


@pytest.mark.parametrize(("rules", "name"), [(True, "rules"), (False, "no_rules")])
def test_pixels_are_those_that_were_frozen_to_one_grey_level(rules: bool, name: str) -> None:
    frozen = np.load(DATA / "town_pixels.npz")[name].astype(np.int16)
    drawn = TOWN.batch(range(len(frozen)), 64, rules)[0].astype(np.int16)
    assert np.abs(drawn - frozen).max() <= 1


def test_the_hash_is_the_frozen_one() -> None:
    assert TOWN.hash() == json.loads((DATA / "town_labels.json").read_text())["hash"]


@pytest.mark.parametrize("size", [16, 64, 100, 256])
def test_pictures_and_labels_have_the_size_asked_for(size: int) -> None:
    scene = TOWN.scene(3, size)
    assert scene.picture.shape == (size, size, 3) and scene.picture.dtype == np.uint8
    assert scene.labels.shape == (4, size, size) and scene.labels.dtype == np.uint8


@pytest.mark.parametrize("size", [0, 15, 5000])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ValueRangeError, match=f"16 to 4096 pixels high and wide, got {size}"):
        TOWN.scene(0, size)


def test_a_batch_holds_the_same_scenes_as_one_by_one(scenes: list[Scene]) -> None:
    pictures, labels = TOWN.batch([5, 250, 5], 64)
    assert (pictures[1] == scenes[250].picture).all() and (labels[1] == scenes[250].labels).all()
    assert (pictures[0] == pictures[2]).all() and (pictures[0] == scenes[5].picture).all()


def test_an_empty_batch_is_empty() -> None:
    pictures, labels = TOWN.batch([], 64)
    assert pictures.shape == (0, 64, 64, 3) and labels.shape == (0, 4, 64, 64)


def test_a_scene_does_not_depend_on_what_was_drawn_before() -> None:
    first = TOWN.scene(11, 128)
    TOWN.scene(12, 128, rules=False)
    again = TOWN.scene(11, 128)
    assert (first.picture == again.picture).all() and (first.labels == again.labels).all()
    assert first.objects == again.objects and first.captions == again.captions


def test_threads_and_copies_draw_the_same(scenes: list[Scene]) -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda seed: TOWN.scene(seed, 64), range(24)))
    drawn += [pickle.loads(pickle.dumps(TOWN)).scene(24, 64)]  # noqa: TID251
    for scene in drawn:
        assert (scene.picture == scenes[scene.seed].picture).all()
        assert (scene.labels == scenes[scene.seed].labels).all()


def test_labels_at_two_sizes_agree_broadly(scenes: list[Scene]) -> None:
    large = TOWN.batch(range(60), 128)[1][:, :, 1::2, 1::2]
    small = np.stack([scene.labels for scene in scenes[:60]])
    assert (large == small).mean((0, 2, 3)).min() > 0.95


def test_the_small_picture_is_the_large_one_averaged(scenes: list[Scene]) -> None:
    large = TOWN.batch(range(40), 256)[0].astype(np.float64)
    averaged = large.reshape(40, 64, 4, 64, 4, 3).mean((2, 4))
    small = np.stack([scene.picture for scene in scenes[:40]])
    assert np.sqrt(((averaged - small) ** 2).mean()) < 4.0


def test_every_plane_holds_its_own_concepts_only(scenes: list[Scene], unruly: list[Scene]) -> None:
    vocabulary = TOWN.vocabulary
    for number, plane in enumerate(vocabulary.planes):
        allowed = {0, *(vocabulary.index(name) for name in vocabulary.in_plane(plane))}
        for scene in scenes + unruly:
            assert set(np.unique(scene.labels[number])) <= allowed


def test_every_pixel_is_some_object(scenes: list[Scene], unruly: list[Scene]) -> None:
    assert all((scene.labels[0] > 0).all() for scene in scenes + unruly)


def test_parts_lie_on_their_owners(scenes: list[Scene], unruly: list[Scene]) -> None:
    vocabulary = TOWN.vocabulary
    parts = {vocabulary.index(name): vocabulary.concept(name).parent for name in vocabulary.in_plane("part")}
    for scene in scenes + unruly:
        for part in set(np.unique(scene.labels[1])) - {0}:
            owners = set(np.unique(scene.labels[0][scene.labels[1] == part]))
            assert owners == {vocabulary.index(parts[part] or "")}


def test_every_object_is_common_enough_to_learn(scenes: list[Scene]) -> None:
    for name in OBJECTS:
        share = np.mean([mask(scene, name).sum() >= 4 for scene in scenes])
        assert share >= (0.02 if name in ("banner", "lettering") else 0.12), name


def test_the_watermark_lies_below_and_across_the_middle_of_what_stands_there() -> None:
    found = {"both": 0, "banner": 0, "lettering": 0}
    marked = [seed for seed in range(1200) if draw_factors(Random(seed), True).watermark != "none"]
    for seed in [*range(60), *marked]:
        scene = TOWN.scene(seed, 32)
        banner, lettering = mask(scene, "banner"), mask(scene, "lettering")
        mark = str(scene.factors["watermark"])
        assert (bool(banner.any()), bool(lettering.any())) == (
            mark in ("both", "banner"),
            mark in ("both", "lettering"),
        )
        if mark == "none":
            continue
        found[mark] += 1
        if banner.any():
            assert banner[-2:].all() and not banner[:26].any()
        if lettering.any():
            rows, columns = np.nonzero(lettering)
            assert rows.min() > 8 and rows.max() < 24 and np.ptp(columns) > 20
    assert min(found.values()) >= 8


def test_doors_stand_on_the_ground_in_the_front_wall(scenes: list[Scene]) -> None:
    for scene in scenes:
        (door,) = things(scene, "door")
        (front,) = things(scene, "wall", part="facade")
        assert within(door, front)
        assert abs(door.box[3] - front.box[3]) < 0.01
        assert door.box[3] > float(scene.factors["horizon"])
        row = min(int(door.box[3] * 64) + 3, 63)
        columns = slice(int(door.box[0] * 64), int(door.box[2] * 64) + 1)
        below = mask(scene, "grass", "path", "tree", "car", "person", "sign", "banner")[row, columns]
        assert below.all()


def test_doors_follow_their_building(scenes: list[Scene]) -> None:
    doors = [things(scene, "door")[0] for scene in scenes]
    heights = np.array(
        [[door.attributes["height"], door.attributes["building_height"]] for door in doors], float
    )
    assert np.corrcoef(heights.T)[0, 1] > 0.3
    for door, scene in zip(doors, scenes, strict=True):
        assert door.attributes["kind"] == scene.factors["plan"]
        kinds = set(np.unique(scene.labels[3][mask(scene, "door")])) - {0}
        assert kinds <= {TOWN.vocabulary.index(str(scene.factors["plan"]))}


def test_windows_sit_in_walls(scenes: list[Scene]) -> None:
    for scene in scenes:
        walls = things(scene, "wall")
        for window in things(scene, "window"):
            assert any(within(window, wall, 0.03) for wall in walls)


@pytest.mark.parametrize("concept", ["spire", "dome"])
def test_spires_and_domes_sit_on_towers(scenes: list[Scene], concept: str) -> None:
    seen = 0
    for scene in scenes:
        for top in things(scene, concept):
            (tower,) = things(scene, "wall", part="tower")
            seen += 1
            assert abs(top.box[3] - tower.box[1]) < 0.01
            assert top.box[0] <= tower.box[0] + 0.01 and top.box[2] >= tower.box[2] - 0.01
            assert scene.factors["top"] == concept
    assert seen > COUNT * 0.2


def test_trees_grow_on_the_ground(scenes: list[Scene]) -> None:
    for scene in scenes:
        for tree in things(scene, "tree"):
            assert tree.box[3] >= float(scene.factors["horizon"])


def test_things_that_the_factors_promise_are_listed(scenes: list[Scene]) -> None:
    for scene in scenes:
        for name in ("car", "person", "sign"):
            assert bool(things(scene, name)) == scene.factors[name]


def test_boxes_hold_the_pixels_of_their_concept(scenes: list[Scene]) -> None:
    for scene in scenes[:100]:
        for name in ("door", "car", "person", "sign", "dome", "roof"):
            allowed = np.zeros((64, 64), bool)
            for thing in things(scene, name):
                left, top, right, bottom = (edge * 64 for edge in thing.box)
                slack = 5 if name in ("roof", "door") else 2
                allowed[
                    max(int(top) - slack, 0) : int(bottom) + slack,
                    max(int(left) - slack, 0) : int(right) + slack,
                ] = True
            assert not (mask(scene, name) & ~allowed).any(), (scene.seed, name)


def test_captions_name_what_is_there_and_nothing_else(scenes: list[Scene]) -> None:
    for scene in scenes:
        long = scene.captions[1].lower()
        for name in ("car", "person", "sign", "path", "spire", "dome"):
            pixels = int(mask(scene, name).sum())
            if f" {name}" in long:
                assert pixels > 0, (scene.seed, name)
            elif name not in ("spire", "dome"):
                assert pixels < 4, (scene.seed, name)
        assert (len(scene.captions) == 3) == (scene.factors["watermark"] != "none")


def test_without_rules_things_stand_anywhere(unruly: list[Scene]) -> None:
    floating = sum(
        any(door.box[3] < float(scene.factors["horizon"]) - 0.05 for door in things(scene, "door"))
        for scene in unruly
    )
    trees = sum(
        any(tree.box[3] < float(scene.factors["horizon"]) - 0.05 for tree in things(scene, "tree"))
        for scene in unruly
    )
    bare = sum(len(things(scene, "dome")) > len(things(scene, "wall", part="tower")) for scene in unruly)
    assert floating > 25 and trees > 20 and bare > 15


def test_without_rules_the_labels_are_others(scenes: list[Scene], unruly: list[Scene]) -> None:
    for ruly, other in zip(scenes, unruly, strict=False):
        assert (ruly.labels != other.labels).any()


def test_no_two_thumbnails_are_alike(scenes: list[Scene]) -> None:
    boxes = np.stack([scene.picture for scene in scenes]).reshape(COUNT, 16, 4, 16, 4, 3)
    thumbs = boxes.mean((2, 4)).reshape(COUNT, -1)
    nearest = min(
        np.sqrt(((thumbs[index + 1 :] - thumbs[index]) ** 2).mean(1)).min() for index in range(COUNT - 1)
    )
    assert nearest > 3.0
