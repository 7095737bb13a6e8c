from __future__ import annotations

import threading
import time

import pytest
import torch

from inscape.parallel.cores import core_each, side_by_side


def test_each_thread_has_one_core_and_the_caller_gets_its_own_back():
    before = torch.get_num_threads()
    with core_each(3) as pool:
        assert list(pool.map(lambda _: torch.get_num_threads(), range(6))) == [1] * 6
    assert torch.get_num_threads() == before


def test_results_come_in_order_and_few_are_held():
    begun = []

    def slower_first(item: int) -> int:
        begun.append(item)
        time.sleep(0.02 * (4 - item % 4))
        return item * item

    with side_by_side(slower_first, range(40), cores=4) as results:
        for taken, result in enumerate(results):
            assert result == taken * taken
            assert len(begun) <= taken + 5


@pytest.mark.parametrize("cores", [1, 2])
def test_an_error_reaches_the_caller_and_the_rest_is_dropped(cores: int):
    begun = []

    def fails_at_three(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ArithmeticError("three")
        return item

    before = torch.get_num_threads()
    with (
        pytest.raises(ArithmeticError, match="three"),
        side_by_side(fails_at_three, range(1000), cores=cores) as results,
    ):
        list(results)
    assert len(begun) < 10 and torch.get_num_threads() == before


def test_who_stops_early_has_the_cores_back_at_once():
    before = torch.get_num_threads()
    with pytest.raises(KeyError) as kept:  # holds the traceback, and with it the results
        _stop_at_the_first()
    assert torch.get_num_threads() == before and kept.tb is not None


def _stop_at_the_first() -> None:
    with side_by_side(str, range(1000), cores=2) as results:
        for result in results:
            raise KeyError(result)


@pytest.mark.parametrize(("items", "cores"), [("ab", 1), ("a", 4), ("", 4)])
def test_one_core_or_one_item_is_left_to_the_caller(items: str, cores: int):
    here = threading.get_ident()
    with side_by_side(lambda item: (item, threading.get_ident()), items, cores=cores) as results:
        assert list(results) == [(item, here) for item in items]
