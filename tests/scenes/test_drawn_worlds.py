"""Every shipped world against its committed labels and pixels, and what all of them promise."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from inscape.errors import ValueRangeError
from inscape.scenes import World, world, worlds

DATA = Path(__file__).parent / "data"
COUNT = {True: 300, False: 100}
Drawn = Callable[[bool], tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module", params=worlds())
def place(request: pytest.FixtureRequest) -> World:
    return world(request.param)


@pytest.fixture(scope="module")
def drawn(place: World) -> Drawn:
    """Pictures and labels of the first scenes at 64 pixels, with rules or without."""
    return cache(lambda rules: place.batch(range(COUNT[rules]), 64, rules))


@pytest.mark.parametrize(("rules", "name"), [(True, "rules"), (False, "no_rules")])
def test_labels_are_those_that_were_frozen(place: World, drawn: Drawn, rules: bool, name: str) -> None:
    frozen = json.loads((DATA / f"{place.name}_labels.json").read_text())[name]
    found = [hashlib.sha256(labels.tobytes()).hexdigest()[:12] for labels in drawn(rules)[1]]
    assert len(frozen) == len(found)
    assert [seed for seed, (a, b) in enumerate(zip(frozen, found, strict=True)) if a != b] == []


@pytest.mark.parametrize(("rules", "name"), [(True, "rules"), (False, "no_rules")])
def test_pixels_are_those_that_were_frozen_to_one_grey_level(
    place: World, drawn: Drawn, rules: bool, name: str
) -> None:
    frozen = np.load(DATA / f"{place.name}_pixels.npz")[name].astype(np.int16)
    found = drawn(rules)[0][: len(frozen)].astype(np.int16)
    assert len(frozen) >= 16
    assert np.abs(found - frozen).max() <= 1


def test_the_hash_is_the_frozen_one(place: World) -> None:
    assert place.hash() == json.loads((DATA / f"{place.name}_labels.json").read_text())["hash"]


@pytest.mark.parametrize("size", [16, 64, 100, 256])
def test_pictures_and_labels_have_the_size_asked_for(place: World, size: int) -> None:
    scene = place.scene(3, size)
    assert scene.picture.shape == (size, size, 3) and scene.picture.dtype == np.uint8
    planes = len(place.vocabulary.planes)
    assert scene.labels.shape == (planes, size, size) and scene.labels.dtype == np.uint8


@pytest.mark.parametrize("size", [0, 15, 5000])
def test_a_size_out_of_range_is_refused(place: World, size: int) -> None:
    with pytest.raises(ValueRangeError, match=f"16 to 4096 pixels high and wide, got {size}"):
        place.scene(0, size)
    with pytest.raises(ValueRangeError, match=f"16 to 4096 pixels high and wide, got {size}"):
        place.batch([0], size)


def test_a_batch_holds_the_same_scenes_as_one_by_one(place: World, drawn: Drawn) -> None:
    pictures, labels = place.batch([5, 250, 5], 64)
    assert (pictures[1] == drawn(True)[0][250]).all() and (labels[1] == drawn(True)[1][250]).all()
    assert (pictures[0] == pictures[2]).all() and (pictures[0] == drawn(True)[0][5]).all()
    scene = place.scene(250, 64)
    assert (pictures[1] == scene.picture).all() and (labels[1] == scene.labels).all()


def test_an_empty_batch_is_empty(place: World) -> None:
    pictures, labels = place.batch([], 64)
    assert pictures.shape == (0, 64, 64, 3)
    assert labels.shape == (0, len(place.vocabulary.planes), 64, 64)


def test_a_scene_does_not_depend_on_what_was_drawn_before(place: World) -> None:
    first = place.scene(11, 128)
    place.scene(12, 128, rules=False)
    again = place.scene(11, 128)
    assert (first.picture == again.picture).all() and (first.labels == again.labels).all()
    assert first.objects == again.objects and first.captions == again.captions


def test_threads_and_copies_draw_the_same(place: World, drawn: Drawn) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: place.scene(seed, 64), range(24)))
    found += [pickle.loads(pickle.dumps(place)).scene(24, 64)]  # noqa: TID251
    for scene in found:
        assert (scene.picture == drawn(True)[0][scene.seed]).all()
        assert (scene.labels == drawn(True)[1][scene.seed]).all()


def test_labels_at_two_sizes_agree_broadly(place: World, drawn: Drawn) -> None:
    large = place.batch(range(60), 128)[1][:, :, 1::2, 1::2]
    assert (large == drawn(True)[1][:60]).mean((0, 2, 3)).min() > 0.95


def test_the_small_picture_is_the_large_one_averaged(place: World, drawn: Drawn) -> None:
    large = place.batch(range(24), 256)[0].astype(np.float64)
    averaged = large.reshape(24, 64, 4, 64, 4, 3).mean((2, 4))
    apart = np.sqrt(((averaged - drawn(True)[0][:24]) ** 2).mean())
    assert (
        apart < {"town": 4.0, "room": 6.0}[place.name]
    )  # light at the edges of windows is averaged linearly


@pytest.mark.parametrize("rules", [True, False])
def test_every_plane_holds_its_own_concepts_only(place: World, drawn: Drawn, rules: bool) -> None:
    for number, plane in enumerate(place.vocabulary.planes):
        allowed = {0, *(place.vocabulary.index(name) for name in place.vocabulary.in_plane(plane))}
        assert set(np.unique(drawn(rules)[1][:, number])) <= allowed


@pytest.mark.parametrize("rules", [True, False])
def test_every_pixel_is_some_object(place: World, drawn: Drawn, rules: bool) -> None:
    assert (drawn(rules)[1][:, 0] > 0).all()


@pytest.mark.parametrize("rules", [True, False])
def test_parts_lie_on_their_owners(place: World, drawn: Drawn, rules: bool) -> None:
    labels = drawn(rules)[1]
    for concept in place.vocabulary.concepts:
        if concept.parent is not None:
            plane = place.vocabulary.plane_of(concept.name)
            owners = labels[:, 0][labels[:, plane] == place.vocabulary.index(concept.name)]
            assert set(np.unique(owners)) <= {place.vocabulary.index(concept.parent)}, concept.name


def test_without_rules_the_labels_are_others(drawn: Drawn) -> None:
    lawful, unruly = drawn(True)[1], drawn(False)[1]
    assert (lawful[: len(unruly)] != unruly).any((1, 2, 3)).all()


def test_no_two_thumbnails_are_alike(drawn: Drawn) -> None:
    pictures = drawn(True)[0]
    thumbs = pictures.reshape(len(pictures), 16, 4, 16, 4, 3).mean((2, 4)).reshape(len(pictures), -1)
    nearest = min(
        np.sqrt(((thumbs[index + 1 :] - thumbs[index]) ** 2).mean(1)).min()
        for index in range(len(thumbs) - 1)
    )
    assert nearest > 3.0
