from __future__ import annotations

import pytest

from inscape.errors import CancelledError
from inscape.progress import CallbackProgress, PartOfWhole, SilentProgress, TerminalProgress


def test_every_step_reaches_the_callback_with_the_time_left():
    seen = []
    with CallbackProgress(seen.append).task("Drawing", 4, "pictures") as task:
        task.advance(1)
        task.advance(3)
    assert [step["done"] for step in seen] == [0, 1, 4]
    assert seen[0]["seconds_left"] is None and seen[-1]["seconds_left"] == 0


def test_asking_to_stop_stops_at_the_next_step():
    progress = CallbackProgress(lambda step: None)
    with progress.task("Drawing") as task:
        task.advance()
        progress.cancel()
        with pytest.raises(CancelledError, match="Stopped as asked"):
            task.advance()


def test_parts_of_a_whole_count_as_one_task_and_hear_the_word_to_stop():
    seen = []
    progress = CallbackProgress(seen.append)
    with progress.task("Comparing", 6, "pictures") as whole:
        parts = PartOfWhole(whole, "pictures")
        for name in ("Drawing", "Measuring"):
            with parts.task(name, 3, "pictures") as task:
                task.advance(3)
        assert [(step["name"], step["done"], step["total"]) for step in seen] == [
            ("Comparing", done, 6) for done in (0, 3, 6)
        ]
        progress.cancel()
        with parts.task("Solving", 100, "steps") as task, pytest.raises(CancelledError, match="Stopped"):
            task.advance(1)
    assert seen[-1]["done"] == 6


def test_progress_never_touches_standard_output(capsys):
    for progress in (SilentProgress(), TerminalProgress()):
        with progress.task("Drawing", 2, "pictures") as task:
            task.advance(2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Drawing (2 pictures)" in captured.err
