from __future__ import annotations

from dataclasses import replace

import pytest

from inscape.scenes.random import Random
from inscape.scenes.town.captions import write_captions
from inscape.scenes.town.factors import Factors, draw_factors


@pytest.fixture
def factors() -> Factors:
    drawn = draw_factors(Random(0), True)
    return replace(
        drawn,
        plan="church",
        style="stone",
        day="dusk",
        weather="clear",
        season="autumn",
        snow=False,
        terrain="hills",
    )


def test_the_short_caption_names_style_plan_and_hour(factors: Factors) -> None:
    assert write_captions(factors, {"wall"}, 0)[0] == "A stone church at dusk."


def test_the_long_caption_lists_what_can_be_seen(factors: Factors) -> None:
    captions = write_captions(factors, {"wall", "spire", "tree", "path", "car", "hill"}, 2)
    assert captions[1] == (
        "A stone church with a spire, two trees, a path, a car and hills behind, "
        "under a clear sky at dusk; autumn."
    )


def test_things_that_cannot_be_seen_are_not_named(factors: Factors) -> None:
    text = " ".join(write_captions(replace(factors, car=True, sign=True), {"wall"}, 3))
    assert "car" not in text and "sign" not in text and "tree" not in text


def test_a_watermark_adds_a_caption_that_says_so(factors: Factors) -> None:
    captions = write_captions(factors, {"wall", "banner", "lettering"}, 0)
    assert len(captions) == 3
    assert captions[2].endswith("with the watermark of a stock photo: banner and lettering.")


def test_a_scene_without_a_building_is_a_meadow(factors: Factors) -> None:
    assert write_captions(factors, {"grass"}, 0)[0] == "A meadow at dusk."
