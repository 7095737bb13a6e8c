"""Every executor gives the same results in the same order, whatever becomes of its workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest
import torch

from inscape.errors import ConceptError, MissingExtraError, UnsupportedError, UsageError, WorkersError
from inscape.parallel import InProcess, Processes, open_executor
from parallel.works import Deadly, Failing, Logged, Square


@pytest.fixture(scope="module")
def processes():
    with Processes(2) as opened:
        yield opened


def test_results_come_in_order_from_any_executor(processes):
    squares = [number * number for number in range(7)]
    with InProcess() as here:
        assert [found for found, *_ in here.map(Square(), range(7))] == squares
    found = list(processes.map(Square(), range(7)))
    assert [square for square, *_ in found] == squares
    assert os.getpid() not in {process for _, process, _ in found}


def test_a_piece_takes_as_many_threads_wherever_it_runs(processes):
    for beside in (True, False):
        threads = {count for *_, count in InProcess().map(Square(beside), range(3))}
        assert threads == {count for *_, count in processes.map(Square(beside), range(3))}
        assert threads == {1 if beside else torch.get_num_threads()}


def test_what_goes_wrong_in_a_worker_says_the_same_here(processes):
    with pytest.raises(ConceptError, match="no concept 'dor'") as caught:
        list(processes.map(Failing(), [0]))
    assert caught.value.hint == "Did you mean 'door'?"
    with pytest.raises(MissingExtraError, match="pip install 'inscape\\[ray\\]'"):
        list(processes.map(Failing(), [1]))


def test_a_worker_that_dies_loses_nothing(processes, tmp_path):
    assert list(processes.map(Deadly(tmp_path / "died"), range(6))) == [0, 1, 4, 9, 16, 25]
    assert (tmp_path / "died").exists()


def test_a_worker_killed_from_outside_has_its_piece_done_again_and_nothing_else(tmp_path):
    def kill() -> None:
        while len(begun := sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)) < 3:
            time.sleep(0.01)
        os.kill(int(begun[-1].name.split("-")[1]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with Processes(2) as processes:
        assert list(processes.map(Logged(tmp_path), range(5))) == [0, 1, 4, 9, 16]
    killer.join()
    times = [sum(path.name.startswith(f"{piece}-") for path in tmp_path.iterdir()) for piece in range(5)]
    assert min(times) == 1 and 6 <= sum(times) <= 7  # at most those that were under way then


def test_workers_that_always_die_are_given_up_with_a_sentence(tmp_path):
    with Processes(1) as processes, pytest.raises(WorkersError, match="3 times on the same piece"):
        list(processes.map(Deadly(tmp_path / "died", always=True), range(5)))


def test_what_cannot_be_sent_is_refused(processes):
    with pytest.raises(UnsupportedError, match="cannot be sent to other processes"):
        list(processes.map(Logged(lambda: None), range(3)))


def test_workers_are_named_as_people_name_them(monkeypatch):
    assert isinstance(open_executor(1), InProcess) and isinstance(open_executor("3"), Processes)
    for wrong in ("0", "-1", "many", "ray:/x", ""):
        with pytest.raises(UsageError, match="Workers are a number"):
            open_executor(wrong)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match="pip install 'inscape\\[ray\\]'"):
        open_executor("ray")
