from __future__ import annotations

import pytest

from inscape.concepts import Concept, Vocabulary
from inscape.errors import ConceptError, FormatError

TOWN = Vocabulary([Concept("tree", "object"), Concept("crown", "part", "tree"), Concept("door", "object")])


def test_numbers_start_at_one_and_run_through_all_planes():
    assert [TOWN.index(name) for name in TOWN.names] == [1, 2, 3]
    assert TOWN.planes == ("object", "part")
    assert len(TOWN) == 4
    assert TOWN.plane_of("crown") == 1
    assert TOWN.in_plane("object") == ("tree", "door")


def test_unknown_concepts_offer_near_names():
    with pytest.raises(ConceptError, match="no concept 'dor'; did you mean 'door'"):
        TOWN.index("dor")


def test_json_brings_a_vocabulary_back():
    assert Vocabulary.from_json(TOWN.to_json()) == TOWN


@pytest.mark.parametrize("rows", [[{"name": "x"}], [1], "ab"])
def test_damaged_vocabularies_are_refused(rows):
    with pytest.raises(FormatError, match="A vocabulary is a list"):
        Vocabulary.from_json(rows)


def test_names_are_unique():
    with pytest.raises(ConceptError, match="same name"):
        Vocabulary([Concept("a", "object"), Concept("a", "part")])
