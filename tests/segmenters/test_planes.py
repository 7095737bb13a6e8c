from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.errors import ConceptError, ShapeError
from inscape.scenes import world
from inscape.segmenters.planes import Planes
from small_worlds import VOCABULARY, SmallWorld


def test_heads_hold_the_concepts_of_each_plane_and_none():
    assert Planes(VOCABULARY).heads == (4, 4, 2)


def test_packing_and_unpacking_give_the_same_labels():
    labels = torch.from_numpy(SmallWorld().batch(range(8), 32)[1])
    planes = Planes(VOCABULARY)
    packed = planes.pack(labels)
    assert int(packed[:, 1].max()) <= 3 and int(packed[:, 2].max()) == 1
    assert torch.equal(planes.unpack(packed), labels)


def test_the_labels_of_the_town_survive_packing():
    town = world("town")
    labels = torch.from_numpy(town.batch(range(6), 32)[1])
    planes = Planes(town.vocabulary)
    assert torch.equal(planes.unpack(planes.pack(labels)), labels)


def test_label_maps_with_another_number_of_planes_are_refused():
    with pytest.raises(ShapeError, match=r"\[batch, 3, height, width\] \(object, part, material\)"):
        Planes(VOCABULARY).pack(torch.zeros(1, 2, 4, 4, dtype=torch.uint8))


def test_a_wrong_plane_name_gets_a_near_one():
    with pytest.raises(ConceptError, match="did you mean 'object'"):
        Planes(VOCABULARY).number("objekt")


def reference_decision(logits: np.ndarray) -> np.ndarray:
    """Pixel by pixel, from the definition: a part counts only where the object is its parent."""
    planes = Planes(VOCABULARY)
    count, _, height, width = logits.shape
    labels = np.zeros((count, 3, height, width), np.uint8)
    for b, y, x in np.ndindex(count, height, width):
        start, owner = 0, None
        for plane, name in enumerate(planes.names):
            candidates = [("none", 0, logits[b, start, y, x])]
            for value, concept in enumerate(VOCABULARY.in_plane(name), start=1):
                parent = VOCABULARY.concept(concept).parent
                if parent is None or parent == owner:
                    candidates.append((concept, VOCABULARY.index(concept), logits[b, start + value, y, x]))
            winner = max(candidates, key=lambda candidate: candidate[2])
            labels[b, plane, y, x] = winner[1]
            owner = winner[0] if plane == 0 else owner
            start += planes.heads[plane]
    return labels


def test_decisions_equal_the_slow_reference():
    logits = torch.randn(2, 10, 5, 7, generator=torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(
        Planes(VOCABULARY).decide(logits).numpy(), reference_decision(logits.numpy())
    )


def test_a_part_never_stands_outside_its_owner():
    logits = torch.randn(4, 10, 16, 16, generator=torch.Generator().manual_seed(1))
    logits[:, 5:8] += 5  # parts everywhere
    labels = Planes(VOCABULARY).decide(logits)
    for part in ("roof", "base", "shine"):
        inside = labels[:, 1] == VOCABULARY.index(part)
        owner = VOCABULARY.index(VOCABULARY.concept(part).parent or "")
        assert inside.any() and (labels[:, 0][inside] == owner).all()


def test_the_towns_own_parts_stand_inside_their_owners():
    town = world("town")
    labels = town.batch(range(12), 64, rules=False)[1]
    for concept in town.vocabulary.concepts:
        if concept.plane == "part" and concept.parent:
            inside = labels[:, 1] == town.vocabulary.index(concept.name)
            assert (labels[:, 0][inside] == town.vocabulary.index(concept.parent)).all(), concept.name
