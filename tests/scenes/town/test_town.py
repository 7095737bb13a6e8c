"""The town against its rules, and its own descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.scenes import Scene, SceneObject, world
from inscape.scenes.random import Random
from inscape.scenes.town.factors import draw_factors

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
