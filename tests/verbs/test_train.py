from __future__ import annotations

import json
import os
from pathlib import Path

from inscape.cli.main import run
from inscape.training.result import TrainResult


def test_training_is_asked_for_what_was_said_and_answers_how_far_it_is(tmp_path, monkeypatch, capsys):
    asked = {}

    def train(recipe, **settings):
        asked.update(settings, recipe=recipe, pages=os.environ["THP_MEM_ALLOC_ENABLE"])
        return TrainResult(3, 96, (Path("a"), Path("b")))

    monkeypatch.setattr("inscape.training.train", train)
    monkeypatch.setenv("THP_MEM_ALLOC_ENABLE", "")  # so that it is as it was afterwards
    monkeypatch.delenv("THP_MEM_ALLOC_ENABLE")
    arguments = ["train", "town", "--out", str(tmp_path), "--minutes", "2", "--size", "64", "--seed", "5"]
    assert run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"step": 3, "images": 96, "files": ["a", "b"]}
    assert asked.pop("progress") is not None
    assert asked == {
        **{"recipe": "town", "out": tmp_path, "minutes": 2.0, "size": 64, "seed": 5, "pages": "1"},
        **{"images": None, "start": "scratch", "measure": False, "device": "auto"},
    }
    assert run(arguments) == 0
    assert capsys.readouterr().out == f"96 pictures seen, 3 steps; see {tmp_path}\n"
