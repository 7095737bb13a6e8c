from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inscape.cli.main import VERBS, run
from inscape.training.recipes import recipe_names
from warm import warm_python


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return warm_python("-m", "inscape", *arguments)


def only_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_help_lists_every_verb():
    result = command("--help")
    assert result.returncode == 0
    assert all(verb.split()[0] in result.stdout for verb in VERBS)


def test_the_help_of_train_names_every_recipe(capsys):
    assert run(["train", "--help"]) == 0
    named = re.findall(r"[a-z]+(?:-[a-z]+)*", re.sub(r"-\s+", "-", capsys.readouterr().out))
    assert set(recipe_names()) <= set(named)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_json(verb, capsys):
    assert run([*verb.split(), "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["sample", "twon"], 1, "no model 'twon'; did you mean 'town'?"),
        (["sample", "town", "--seeds", "9-3"], 2, "The range 9-3 of seeds runs backwards."),
        (["sample", "town", "--seeds", "x"], 2, "Seeds are whole numbers"),
        (["sample", "town-segmenter"], 1, "needs a generator"),
        (["sample", "town-encoder"], 1, "needs a generator; 'town-encoder' is an encoder"),
        (["sample", "town", "--device", "cuda:77"], 1, "There is no device 'cuda:77' on this machine."),
        (["scenes", "twon"], 1, "no world 'twon'; did you mean 'town'?"),
        (["scenes", "town", "--size", "1"], 2, "16"),
        (["smple", "town"], 2, "No such command 'smple'"),
        (["sample"], 2, "Missing argument"),
        (["train", "twon", "--out", "x"], 1, "twon"),
        (["train", "town", "--out", "x", "--minutes", "inf"], 2, "a number of minutes above 0"),
        (["sample", "town", "--seeds", "9" * 5000], 2, "Seeds are whole numbers"),
        (["effect", "town", "--concept", "tree", "--units", "9" * 5000], 2, "Units are whole numbers"),
        (["dissect", "town", "--out", "."], 1, "Name a new folder"),
        (["effect", "town", "--concept", "tree", "--out", ".."], 1, "Name a new folder"),
        (["paint", "town", "--concept", "tree", "--box", "5,5,1e-30,1e-30"], 1, "covers no pixel"),
    ],
)
@pytest.mark.usefixtures("elsewhere")
def test_wrong_input_is_one_sentence_with_the_right_code(arguments, code, sentence, capsys, tmp_path):
    assert run(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in only_line(captured.err)
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where_it_failed():
    result = command("sample", "twon", "--debug")
    assert result.returncode == 1
    assert "Traceback" in result.stderr


def test_an_unwritable_folder_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["sample", "town", "--seeds", "0", "--out", str(tmp_path / "file")]) == 1
    assert "a file stands where a folder is needed" in capsys.readouterr().err


def test_sample_writes_one_picture_a_seed_and_prints_only_json(tmp_path):
    result = command("sample", "town", "--seeds", "0-2", "--out", str(tmp_path / "a"), "--json")
    assert result.returncode == 0, result.stderr
    files = json.loads(result.stdout)["files"]
    assert len(files) == 3 and all(Path(file).stat().st_size > 500 for file in files)


def test_a_grid_is_one_file(tmp_path, capsys):
    assert (
        run(["sample", "town", "--seeds", "0-3", "--grid", "--out", str(tmp_path / "g.png"), "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["files"] == [str(tmp_path / "g.png")]


def test_models_lists_layers_units_and_concepts(capsys):
    assert run(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["models"]}
    town = rows["town"]
    assert town["kind"] == "generator" and town["image_size"] == 64
    assert [layer["name"] for layer in town["layers"]][:4] == ["layer4", "layer8a", "layer8b", "layer16a"]
    assert town["default_layer"] in {layer["name"] for layer in town["layers"]}
    assert {"tree", "door", "lettering"} <= set(town["concepts"])
    assert "town-segmenter" in rows
    encoder = rows["town-encoder"]
    assert encoder["kind"] == "encoder" and encoder["image_size"] == 64
    assert [layer["name"] for layer in encoder["layers"]] == ["layer32b", "layer16b", "layer8b", "layer4"]


def test_scenes_writes_pictures_label_maps_and_captions(tmp_path, capsys):
    assert run(["scenes", "town", "--seeds", "5", "--size", "64", "--out", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    names = {Path(file).name for file in document["files"]}
    assert {"town-000005.png", "town-000005.object.png", "town-000005.json"} <= names
    assert "door" in document["concepts"]
    assert json.loads((tmp_path / "town-000005.json").read_text())["captions"]


def test_doctor_names_what_is_missing_and_the_line_that_mends_it(capsys):
    assert run(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {"python", "torch", "model town", "data folder"} <= {check["name"] for check in checks}
    assert all(check["fix"] for check in checks if check["status"] != "ok")


def test_interrupting_leaves_nothing_half_written(tmp_path):
    verb = ["scenes", "town", "--seeds", "0-9999", "--out", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "inscape", *verb], stderr=subprocess.PIPE, text=True
    ) as process:
        for _ in range(400):
            if any(tmp_path.glob("*.json")):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted; nothing half-written was kept." in errors
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
