from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors, draw_factors, light_of

COUNT = 10_000


@pytest.fixture(scope="module")
def drawn() -> list[Factors]:
    return [draw_factors(Random(seed), True) for seed in range(COUNT)]


def test_six_pictures_in_a_hundred_carry_a_watermark_in_all_three_ways(drawn: list[Factors]) -> None:
    shares = Counter(factors.watermark for factors in drawn)
    assert 0.05 <= 1 - shares["none"] / COUNT <= 0.07
    for way in ("both", "banner", "lettering"):
        assert shares[way] / COUNT > 0.012


def test_without_rules_watermarks_are_more_frequent() -> None:
    marked = sum(draw_factors(Random(seed), False).watermark != "none" for seed in range(3000))
    assert 0.13 < marked / 3000 < 0.19


def test_there_are_at_least_ten_independent_factors(drawn: list[Factors]) -> None:
    """Mutual information of every pair is what chance gives: G = 2 n I is chi-square (Wilks)."""
    names = [
        "day",
        "weather",
        "season",
        "plan",
        "style",
        "tower",
        "trees",
        "terrain",
        "path",
        "car",
        "person",
        "sign",
        "watermark",
    ]
    table = np.array([[hash_of(getattr(factors, name)) for name in names] for factors in drawn])
    for first, second in combinations(range(len(names)), 2):
        rows, row = np.unique(table[:, first], return_inverse=True)
        columns, column = np.unique(table[:, second], return_inverse=True)
        joint = np.zeros((len(rows), len(columns)))
        np.add.at(joint, (row, column), 1.0)
        expected = joint.sum(1, keepdims=True) * joint.sum(0) / COUNT
        g = 2 * (joint[joint > 0] * np.log(joint[joint > 0] / expected[joint > 0])).sum()
        degrees = (len(rows) - 1) * (len(columns) - 1)
        assert g < degrees + 4.5 * np.sqrt(2 * degrees), (names[first], names[second])


def hash_of(value: object) -> int:
    return sum((index + 1) * ord(letter) for index, letter in enumerate(str(value)))


def test_snow_lies_only_in_winter(drawn: list[Factors]) -> None:
    assert {factors.season for factors in drawn if factors.snow} == {"winter"}


def test_windows_glow_at_night_and_not_at_noon(drawn: list[Factors]) -> None:
    glow = {factors.day: light_of(factors, Random(1)).glow for factors in drawn}
    assert glow["night"] > 0.9 and glow["dusk"] > 0.3
    assert glow["noon"] == pytest.approx(0.0, abs=0.05)


def test_shadow_is_darker_than_sun_and_distance_fades_to_the_sky(drawn: list[Factors]) -> None:
    for seed, factors in enumerate(drawn[:200]):
        light = light_of(factors, Random(seed))
        color = (0.6, 0.5, 0.4)
        assert sum(light.on(color, 0.0)) < sum(light.on(color, 1.0))
        near, far = (
            sum(abs(a - b) for a, b in zip(light.on(color, 1.0, distance), light.low, strict=True))
            for distance in (0.0, 1.0)
        )
        assert far < near + 1e-9
