from __future__ import annotations

import pytest

from inscape.errors import WorldError
from inscape.scenes import world, worlds


def test_every_listed_world_opens_under_its_name() -> None:
    assert [world(name).name for name in worlds()] == list(worlds())


def test_an_unknown_world_names_the_nearest_one() -> None:
    with pytest.raises(WorldError, match="no world 'twon'; did you mean 'town'"):
        world("twon")


def test_a_world_is_opened_once() -> None:
    assert world("town") is world("town")
