from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from inscape.scenes.random import Random
from inscape.scenes.room import DAYLIGHT
from inscape.scenes.room.captions import write_captions
from inscape.scenes.room.factors import Factors, draw_factors
from inscape.scenes.room.plan import plan_room

COUNT = 4000


@pytest.fixture(scope="module")
def drawn() -> list[Factors]:
    return [draw_factors(Random(seed)) for seed in range(COUNT)]


def test_about_seven_floors_in_ten_are_shiny(drawn: list[Factors]) -> None:
    assert 0.69 < sum(factors.shiny_floor for factors in drawn) / COUNT < 0.75


def test_rooms_have_none_to_three_windows_and_lamps(drawn: list[Factors]) -> None:
    windows = Counter(factors.windows for factors in drawn)
    lamps = Counter(len(factors.lamps) for factors in drawn)
    assert set(windows) == set(lamps) == {0, 1, 2, 3}
    assert 0.1 < windows[0] / COUNT < 0.14 and min(lamps.values()) > 0.05 * COUNT


def test_where_there_is_no_daylight_a_lamp_is_lit(drawn: list[Factors]) -> None:
    for factors in drawn:
        if not factors.windows or factors.hour == "night":
            assert any(factors.lamps.values())


def test_each_kind_of_lamp_is_lit_as_often_as_not(drawn: list[Factors]) -> None:
    for name in ("ceiling lamp", "table lamp", "standing lamp"):
        states = [factors.lamps[name] for factors in drawn if name in factors.lamps]
        assert len(states) > 0.35 * COUNT and 0.4 < sum(states) / len(states) < 0.75


def test_as_many_windows_are_planned_as_the_factors_say_and_they_do_not_overlap(drawn: list[Factors]) -> None:
    for seed, factors in enumerate(drawn[:500]):
        plan = plan_room(factors, Random(seed))
        assert len(plan.panes) == factors.windows
        for number, pane in enumerate(plan.panes):
            limit = plan.half if pane.wall.name == "back" else plan.depth
            assert abs(pane.left) < limit and abs(pane.right) < limit and pane.top < plan.height
            for other in plan.panes[:number]:
                assert other.wall != pane.wall or other.right < pane.left or pane.right < other.left


def test_captions_list_what_can_be_seen_and_which_lamps_are_lit(drawn: list[Factors]) -> None:
    factors = replace(drawn[0], kind="bedroom", hour="dusk", windows=2, floor="parquet")
    short, long = write_captions(factors, [DAYLIGHT, "ceiling lamp"], {"window", "floor", "bed", "plant"})
    assert short == "A bedroom at dusk."
    assert (
        long == "A bedroom at dusk, with two windows, a parquet floor and a plant; the ceiling lamp is lit."
    )
    assert write_captions(factors, ["table lamp", "ceiling lamp"], {"floor"})[1] == (
        "A bedroom without daylight, with a parquet floor; the table lamp and ceiling lamp are lit."
    )
    assert (
        write_captions(replace(factors, windows=0), ["table lamp"], {"floor"})[0]
        == "A bedroom without windows."
    )
