from __future__ import annotations

import json

import pytest
import torch

from cli.painting_model import write_models
from inscape import storage
from inscape.cli.main import run
from inscape.editing import UnitEdit, load_edit, save_edit
from inscape.errors import ConceptError
from inscape.models import open_model

TASK = """
layer = "layer16a"
[context]
places = [{seed = 1, box = [4, 4, 10, 10]}]
[goal]
paste = [{source = 2, copied = [8, 8, 8, 8], target = 1, place = [4, 4, 10, 10]}]
[settings]
samples = 16
ridge = 0.01
[judge]
context = "sky"
goal = ["tree"]
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "task.toml"
    path.write_text(TASK)
    return path


def test_rewrite_writes_the_edit_and_prints_the_agreed_keys(model, task, tmp_path, capsys):
    out = tmp_path / "rule.edit.safetensors"
    assert (
        run(["rewrite", str(model), "--task", str(task), "--images", "6", "--out", str(out), "--json"]) == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert document.keys() >= {"edit", "layer", "rank", "loss", "reach", "leak", "seconds"}
    assert document["layer"] == "layer16a" and document["rank"] == 1 and document["edit"] == str(out)
    assert document["loss"] < document["loss_before"] and 0 <= document["leak"] <= 1
    edit = load_edit(out)
    assert edit.made["loss"] == document["loss"]


def test_apply_writes_a_checkpoint_with_the_edit_in_it(model, task, tmp_path, capsys):
    rule, out = tmp_path / "rule.edit.safetensors", tmp_path / "new.safetensors"
    assert run(["rewrite", str(model), "--task", str(task), "--images", "0", "--out", str(rule)]) == 0
    capsys.readouterr()
    assert run(["apply", str(model), str(rule), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == [str(out)]
    before, after, edit = open_model(model), open_model(out), load_edit(rule)
    with before.edited([edit]):
        expected = {name: value.clone() for name, value in before.module.state_dict().items()}
    assert all(torch.equal(expected[name], value) for name, value in after.module.state_dict().items())
    assert run(["apply", str(out), str(rule), "--out", str(tmp_path / "twice.safetensors")]) == 1
    assert "other weights" in capsys.readouterr().err
    assert (
        run(["apply", str(out), str(rule), "--transfer", "--out", str(tmp_path / "twice.safetensors")]) == 0
    )


def test_advice_tries_the_layers(model, task, tmp_path, capsys):
    arguments = ["rewrite", str(model), "--task", str(task), "--images", "4", "--layer", "advice", "--json"]
    assert run([*arguments, "--out", str(tmp_path / "r.edit.safetensors")]) == 0
    document = json.loads(capsys.readouterr().out)
    tried = {trial["layer"]: trial["harmonic"] for trial in document["layers"]}
    assert document["layer"] == max(tried, key=tried.get) and len(tried) >= 5


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--layer", "layer99"], 1, "no layer 'layer99'"),
        (["--rank", "99"], 1, "between 1 and 12"),
        (["--ridge", "-1"], 2, "--ridge"),
        (["--out", "rule.pt"], 2, "ends in .edit.safetensors"),
    ],
)
def test_wrong_input_is_one_sentence(model, task, options, code, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["rewrite", str(model), "--task", str(task), "--images", "0", *options]) == code
    captured = capsys.readouterr()
    said = [line for line in captured.err.splitlines() if line.startswith("inscape: ")]
    assert len(said) == 1 and sentence in said[0] and captured.out == ""
    assert not list(tmp_path.glob("*.safetensors"))


def test_what_cannot_be_applied_is_said(model, tmp_path, capsys):
    units = save_edit(UnitEdit("layer8a", (2,), mode="remove"), tmp_path / "u.edit.safetensors")
    assert run(["apply", str(model), str(units), "--out", str(tmp_path / "x.safetensors")]) == 1
    assert "is a unit edit" in capsys.readouterr().err
    other = storage.save_tensors(tmp_path / "o.edit.safetensors", {"a": torch.ones(1)})
    assert run(["apply", str(model), str(other), "--out", str(tmp_path / "x.safetensors")]) == 1
    assert "holds no edit" in capsys.readouterr().err
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('goal = ["tree"]', 'goal = ["nonsense"]', "nonsense"),
        ("samples = 16", 'rank = "3"', "the setting rank is a whole number, got '3'"),
        ("samples = 16", 'samples = "many"', "the setting samples is a whole number"),
        ("samples = 16", "method = 3", "the setting method is a text, got 3"),
        ("samples = 16", "halo = 1.5", "the setting halo is a whole number"),
        ("ridge = 0.01", "ridge = true", "the setting ridge is a number"),
    ],
)
def test_a_task_that_cannot_be_meant_is_refused_before_anything_is_computed(
    model, tmp_path, monkeypatch, capsys, old, new, sentence
):
    monkeypatch.setattr("inscape.rewriting.Rewriter.prepare", lambda *_: pytest.fail("it computes"))
    path = tmp_path / "task.toml"
    path.write_text(TASK.replace(old, new))
    assert run(["rewrite", str(model), "--task", str(path), "--images", "4"]) == 1
    (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("inscape: ")]
    assert sentence in said


def test_a_rule_is_kept_though_it_cannot_be_measured(model, task, tmp_path, monkeypatch, capsys):
    out = tmp_path / "rule.edit.safetensors"

    def fails(*_, **__):
        raise ConceptError("None of the 4 pictures shows 'sky'.")

    monkeypatch.setattr("inscape.audits.Audit.measure", fails)
    assert run(["rewrite", str(model), "--task", str(task), "--images", "4", "--out", str(out)]) == 1
    assert load_edit(out).layer == "layer16a"


def test_advice_is_for_the_rule_that_is_made(model, task, tmp_path, capsys):
    arguments = ["rewrite", str(model), "--task", str(task), "--images", "4", "--layer", "advice", "--json"]
    assert run([*arguments, "--rank", "2", "--out", str(tmp_path / "r.edit.safetensors")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {trial["rank"] for trial in document["layers"]} == {2} and document["rank"] == 2
