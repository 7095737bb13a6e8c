from __future__ import annotations

import numpy as np
import pytest

from inscape import scenes
from inscape.concepts import Concept, Vocabulary
from inscape.errors import ConceptError
from inscape.painting import StandingOn, learn_rule

WORLD = scenes.world("town")
GRID = 16


@pytest.fixture(scope="module")
def door_rule():
    return learn_rule(WORLD, "door", grid=GRID, scenes=400)


@pytest.fixture(scope="module")
def labels():
    return WORLD.batch(range(500, 560), 64)[1]


def shares(labels, allowed, box, name):
    """Mean fraction of places that a concept covers, over those that are allowed."""
    index, cell = WORLD.vocabulary.index(name), labels.shape[2] // GRID
    found = [
        (labels[i, 0, y * cell : (y + box[0]) * cell, x * cell : (x + box[1]) * cell] == index).mean()
        for i, y, x in zip(*np.nonzero(allowed), strict=True)
    ]
    return float(np.mean(found))


def test_doors_may_stand_in_walls_and_never_in_the_sky(door_rule, labels):
    places = door_rule.places(labels, GRID)
    assert places.legal.any() and places.illegal.any()
    assert not (places.legal & places.illegal).any()
    assert shares(labels, places.legal, places.box, "wall") > 0.5
    assert shares(labels, places.legal, places.box, "sky") < 0.02
    assert shares(labels, places.illegal, places.box, "sky") > 0.3


def test_no_place_shows_the_concept_already(door_rule, labels):
    places = door_rule.places(labels, GRID)
    for allowed in (places.legal, places.illegal):
        assert shares(labels, allowed, places.box, "door") < 0.05


def test_shuffled_scenes_teach_nothing(labels):
    class Shuffled:
        """The same labels at places that have nothing to do with each other."""

        name, vocabulary = "shuffled", WORLD.vocabulary
        scene = WORLD.scene

        def batch(self, seeds, size):
            pictures, labels = WORLD.batch(seeds, size)
            blocks = labels.reshape(len(labels), -1, 16, 4, 16, 4).swapaxes(3, 4)
            blocks = blocks.reshape(len(labels), blocks.shape[1], 256, 16)
            random = np.random.RandomState(0)
            mixed = np.stack([one[:, random.permutation(256)] for one in blocks])
            mixed = mixed.reshape(len(labels), -1, 16, 16, 4, 4).swapaxes(3, 4)
            return pictures, mixed.reshape(labels.shape)

    places = learn_rule(Shuffled(), "door", grid=GRID, scenes=400).places(labels, GRID)
    assert shares(labels, places.legal, places.box, "wall") < 0.4


def test_a_world_that_never_shows_a_concept_teaches_no_rule():
    with pytest.raises(ConceptError, match="too few places"):
        learn_rule(WORLD, "banner", grid=GRID, scenes=20)


def test_a_place_can_be_named_by_what_the_concept_stands_on(labels):
    places = StandingOn("door", "wall", (3, 2), WORLD.vocabulary).places(labels, GRID)
    assert shares(labels, places.legal, places.box, "wall") >= 0.7
    assert shares(labels, places.illegal, places.box, "wall") < 0.3


def test_places_are_concepts_of_one_plane():
    vocabulary = Vocabulary([Concept("door", "object"), Concept("brick", "material")])
    with pytest.raises(ConceptError, match="same plane"):
        StandingOn("door", "brick", (2, 2), vocabulary)
    with pytest.raises(ConceptError, match="same plane"):
        StandingOn("door", "door", (2, 2), vocabulary)
