from __future__ import annotations

import json

import numpy as np
import pytest

from cli.painting_model import write_models
from inscape.cli.main import run
from inscape.dissection import DissectionReport

KEYS = {"concept", "images", "area_before", "area_after", "relative_change", "control", "curve"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_models(tmp_path_factory.mktemp("models"))


def test_effect_prints_the_agreed_keys_and_writes_a_report(model, tmp_path, capsys):
    concept = next(iter(DissectionReport.load(model / "report").concepts))
    out = tmp_path / "effect"
    arguments = [
        "effect",
        str(model),
        "--concept",
        concept,
        "--top",
        "2",
        "--images",
        "6",
        "--insert",
        "--json",
    ]
    assert run([*arguments, "--out", str(out)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document.keys() >= KEYS
    assert document["control"].keys() >= {"sets", "relative_change", "interval"}
    assert document["control"]["sets"] == 20 and [count for count, _ in document["curve"]] == [0, 1, 2]
    assert document["insertion"]["effect"] is not None
    assert json.loads((out / "report.json").read_text()) == document


def test_units_can_be_named_and_need_no_report(model, tmp_path, capsys):
    arguments = ["effect", str(model), "--concept", "tree", "--layer", "layer8a", "--units", "1,2,3"]
    assert run([*arguments, "--images", "4", "--controls", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["units"] == [1, 2, 3] and document["layer"] == "layer8a" and document["insertion"] is None


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--concept", "tre", "--units", "1"], 1, "no concept 'tre'; did you mean 'tree'?"),
        (["--concept", "tree", "--units", "77"], 1, "units 0 to 7"),
        (["--concept", "tree", "--units", "1,,2"], 2, "Units are whole numbers"),
        (["--concept", "tree", "--units", "1", "--layer", "x"], 1, "no layer 'x'"),
        (["--concept", "tree", "--units", "1", "--images", "0"], 2, "'--images'"),
        (["--units", "1"], 2, "--concept"),
    ],
)
def test_wrong_input_is_one_sentence(model, options, code, sentence, capsys):
    assert run(["effect", str(model), *options]) == code
    captured = capsys.readouterr()
    assert captured.out == "" and sentence in captured.err
    assert len(captured.err.strip().splitlines()) == 1


def test_a_map_of_places_is_a_mode_of_effect(model, tmp_path, capsys):
    concept = next(iter(DissectionReport.load(model / "report").concepts))
    arguments = ["effect", str(model), "--concept", concept, "--map", "--grid", "2", "--top", "2"]
    arguments += ["--images", "4", "--controls", "2", "--html", str(tmp_path / "map.html"), "--json"]
    assert run(arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "placement" and np.array(document["map"]).shape == (2, 2)
    assert sum(row["places"] for row in document["by_label"].values()) == 4 * 4
    assert "Gain by place" in (tmp_path / "map.html").read_text()
