from __future__ import annotations

import numpy as np
import pytest

from inscape.scenes.random import Random


def test_raw_numbers_are_those_of_splitmix64() -> None:
    random = Random(0)
    random._state = 1234567
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [random.raw() for _ in range(4)] == published


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, second = Random(5), Random(5)
    assert [first.unit() for _ in range(10)] == [second.unit() for _ in range(10)]


def test_neighbouring_and_negative_seeds_are_independent() -> None:
    firsts = np.array([Random(seed).unit() for seed in range(-2000, 2000)])
    assert abs(np.corrcoef(firsts[:-1], firsts[1:])[0, 1]) < 0.06
    assert abs(firsts.mean() - 0.5) < 0.02


def test_a_stream_does_not_depend_on_what_was_drawn_before() -> None:
    random = Random(3)
    early = random.stream("trees").unit()
    random.unit()
    assert random.stream("trees").unit() == early
    assert random.stream("clouds").unit() != early


def test_units_fill_the_interval_evenly() -> None:
    random = Random(1)
    values = np.array([random.unit() for _ in range(20_000)])
    assert values.min() >= 0.0 and values.max() < 1.0
    counts = np.histogram(values, bins=20, range=(0, 1))[0]
    assert ((counts - 1000.0) ** 2 / 1000.0).sum() < 43.8  # chi-square, 19 degrees, p = 0.001


def test_integers_reach_both_ends() -> None:
    random = Random(2)
    assert {random.integer(2, 5) for _ in range(200)} == {2, 3, 4, 5}


@pytest.mark.parametrize("weights", [{"a": 0.7, "b": 0.2, "c": 0.1}, {"a": 7.0, "b": 2.0, "c": 1.0}])
def test_weighted_choices_follow_their_weights(weights: dict[str, float]) -> None:
    random = Random(4)
    drawn = [random.weighted(weights) for _ in range(10_000)]
    shares = [drawn.count(name) / 10_000 for name in "abc"]
    assert shares == pytest.approx([0.7, 0.2, 0.1], abs=0.02)
