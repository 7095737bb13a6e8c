from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from cli.painting_model import write_models
from inscape.cli.main import run
from inscape.reports import load_report

BRIGHT = """
def bright(pictures):
    means = pictures.mean((1, 2, 3))
    return means > sorted(means)[len(means) // 2]
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def predicate(tmp_path):
    (tmp_path / "bright.py").write_text(BRIGHT)
    return f"{tmp_path / 'bright.py'}:bright"


@pytest.mark.parametrize("by", ["predicate", "strokes", "examples"])
def test_find_prints_the_agreed_keys_and_writes_a_report(model, by, predicate, tmp_path, capsys):
    show = {"predicate": predicate, "strokes": "3:2,2,8,8 5-6:0,0,4,4", "examples": "3,5-6"}[by]
    out, html = tmp_path / "found", tmp_path / "found.html"
    arguments = ["find", str(model), "--by", by, "--show", show, "--images", "24", "--layer", "layer8a"]
    assert run([*arguments, "--out", str(out), "--html", str(html), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert sorted(unit for unit, _ in document["units"]) == list(range(12))
    scores = [score for _, score in document["units"]]
    assert scores == sorted(scores, reverse=True)
    assert set(document["bimodal"]) <= set(range(12))
    assert load_report(out).table()["unit"].tolist() == [unit for unit, _ in document["units"]]
    assert "of 12 units rank" in html.read_text()


@pytest.mark.parametrize(
    ("show", "sentence"),
    [
        ("bright.py:dark", "has no function 'dark'"),
        ("broken.py:bright", "cannot be run: ZeroDivisionError"),
        ("away.py:bright", "cannot be run: FileNotFoundError"),
    ],
)
def test_a_predicate_that_cannot_be_asked_is_one_sentence(model, show, sentence, predicate, tmp_path, capsys):
    (tmp_path / "broken.py").write_text("1 / 0")
    assert run(["find", str(model), "--by", "predicate", "--show", str(tmp_path / show)]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err and len(captured.err.strip().splitlines()) == 1


def test_artifacts_prints_the_agreed_keys_and_takes_real_pictures_from_a_folder(model, tmp_path, capsys):
    (tmp_path / "real").mkdir()
    random = np.random.default_rng(0)
    for number in range(60):
        pixels = random.integers(0, 256, (40, 32, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "real" / f"{number}.png")
    arguments = ["artifacts", str(model), "--layer", "layer8a", "--images", "320", "--top", "2"]
    arguments += ["--controls", "2", "--real", str(tmp_path / "real"), "--out", str(tmp_path / "r")]
    assert run([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert sorted(unit for unit, _ in document["units"]) == list(range(12))
    assert document["off"] == [unit for unit, _ in document["units"]][:2]
    assert document["before"] > 0 and document["after"] > 0 and len(document["control"]) == 2
    assert load_report(tmp_path / "r").to_json() == document


def test_artifacts_without_real_pictures_says_what_is_missing(model, tmp_path, capsys):
    assert run(["artifacts", str(model), "--images", "320", "--top", "2", "--real", str(tmp_path)]) == 1
    assert "There are no pictures in" in capsys.readouterr().err
    assert run(["artifacts", str(model), "--images", "320", "--top", "2"]) == 1
    assert "names no world of real pictures" in capsys.readouterr().err
