"""`inscape roles` and `inscape atlas` on a classifier that a test trained for a moment."""

from __future__ import annotations

import json

import pytest

from inscape.cli.main import run as command
from inscape.reports import load_report
from inscape.training.classifier import ClassifierOptions, train_classifier
from inscape.training.recipes import ClassifierRecipe


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    recipe = ClassifierRecipe(
        *("tiny", "town", "season", "residual_classifier", "head", 16),
        {"widths": [8, 8], "blocks": [1, 1], "head": 8},
    )
    out = tmp_path_factory.mktemp("run")
    options = ClassifierOptions(steps=17, batch=8, scenes=60, check=10)
    train_classifier(recipe, 1.0, out, device="cpu", options=options)
    return out


def called(capsys, *arguments: object) -> tuple[int, str, str]:
    code = command([str(each) for each in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_roles_prints_its_keys_and_writes_the_report(run, capsys, tmp_path):
    out = tmp_path / "report"
    asked = ("roles", run, "--class", "winter", "--images", 80, "--controls", 3, "--attack", 6)
    code, printed, _ = called(capsys, *asked, "--out", out, "--json")
    document = json.loads(printed)
    assert code == 0 and document["class"] == "winter" and document["source"] == "town"
    assert [row[0] for row in document["accuracy"]] == [0, 1, 2, 4, 8]
    assert all(len(row) == 4 and len(row[3]) == 2 for row in document["accuracy"])
    assert sorted(unit for unit, _ in document["attack"]["moved"]) == list(range(8))
    assert load_report(out).to_json() == document


def test_atlas_takes_the_moments_of_a_run(run, capsys, tmp_path):
    code, printed, _ = called(capsys, "atlas", run, "--images", 60, "--json")
    document = json.loads(printed)
    assert code == 0 and document["along"] == "pictures seen"
    assert [row["place"] for row in document["rows"]] == [0, 64, 128]
    assert {"model", "layer", "units", "concepts", "control"} <= set(document["rows"][0])
    assert all(row["accuracy"] is not None for row in document["rows"])


def test_atlas_prunes_and_trains_again(run, capsys):
    asked = ("atlas", run / "card.json", "--prune", "0,90")
    code, _, error = called(capsys, *asked)
    assert code == 1 and "card.json" in error
    code, printed, _ = called(
        capsys, "atlas", run / "moments" / "000128", "--prune", "0,90", "--images", 40, "--json"
    )
    rows = json.loads(printed)["rows"]
    assert code == 0 and [row["place"] for row in rows] == [0, 90, 0, 90]
    assert [row["line"] for row in rows] == ["smallest weights"] * 2 + ["random weights"] * 2


def test_atlas_compares_layers(run, capsys):
    code, printed, _ = called(
        capsys, "atlas", run / "moments" / "000128", "--layers", "all", "--images", 20, "--json"
    )
    assert code == 0
    assert [row["layer"] for row in json.loads(printed)["rows"]] == [
        "stem",
        "block0",
        "block1",
        "head",
        "pooled",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("roles", "RUN", "--class", "wintr"), 1, "did you mean 'winter'"),
        (("roles", "RUN", "--class", "winter", "--source", "no such"), 1, "no folder 'no such'"),
        (("roles", "RUN", "--class", "winter", "--layer", "heat"), 1, "did you mean 'head'"),
        (("atlas", "RUN", "--prune", "100"), 2, "percentages from 0 to below 100"),
        (("atlas", "RUN", "--retrain", "3"), 2, "--retrain trains pruned copies"),
        (("atlas", "town"), 1, "An atlas shows pictures to networks; 'town' is a generator"),
    ],
)
def test_what_cannot_be_measured_says_so(run, capsys, arguments, code, said):
    named = [run if each == "RUN" else each for each in arguments]
    found, _, error = called(capsys, *named)
    assert found == code and said in " ".join(error.split())
