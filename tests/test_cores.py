from __future__ import annotations

import threading
import time

import pytest
import torch

from inscape.cores import core_each, in_order


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

    with core_each(4) as pool:
        for taken, (item, result) in enumerate(in_order(pool, slower_first, range(40), ahead=5)):
            assert (item, result) == (taken, taken * taken)
            assert len(begun) <= taken + 5


def test_an_error_in_a_thread_reaches_the_caller_and_the_rest_is_dropped():
    begun = []

    def fails_at_three(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ArithmeticError("three")
        return item

    before = torch.get_num_threads()
    with pytest.raises(ArithmeticError, match="three"), core_each(2) as pool:
        list(in_order(pool, fails_at_three, range(1000), ahead=4))
    assert len(begun) < 10 and torch.get_num_threads() == before


def test_without_threads_all_is_done_by_the_caller():
    here = threading.get_ident()
    done = list(in_order(None, lambda item: (item, threading.get_ident()), "ab", ahead=2))
    assert done == [("a", ("a", here)), ("b", ("b", here))]
