"""`inscape rewrite` on a classifier: one picture with and without a new look."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import inscape
from inscape.cli.main import run

TASK = """
name = "a house in purple is a house"
layer = "block1"
ordinary = "plain"
images = 12

[[pair]]
plain = "plain/0.png"
changed = "changed/0.png"

[judge]
plain = "plain"
changed = "changed"

[settings]
rank = 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Scenes, and the same with a purple square on them."""
    folder = tmp_path_factory.mktemp("pairs")
    for name in ("plain", "changed"):
        (folder / name).mkdir()
    world = inscape.world("town")
    for seed in range(12):
        picture = world.scene(seed, 64).picture.copy()
        Image.fromarray(picture).save(folder / "plain" / f"{seed}.png")
        picture[20:36, 20:36] = (160, 0, 200)
        Image.fromarray(picture).save(folder / "changed" / f"{seed}.png")
    (folder / "task.toml").write_text(TASK)
    return folder


def test_a_rule_of_a_classifier_is_written_measured_and_applied(folder, tmp_path, capsys):
    out = tmp_path / "rule.edit.safetensors"
    arguments = ["rewrite", "town-classifier", "--task", str(folder / "task.toml"), "--out", str(out)]
    assert run([*arguments, "--json", "--device", "cpu"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= {"edit", "layer", "rank", "loss", "reach", "leak", "seconds"}
    assert (found["edit"], found["layer"], found["rank"]) == (str(out), "block1", 3)
    assert found["loss"] < found["loss_before"]
    assert found["measured"]["pictures"] == 12
    edited = tmp_path / "edited"
    assert run(["apply", "town-classifier", str(out), "--out", str(edited)]) == 0
    before, after = inscape.open("town-classifier", device="cpu"), inscape.open(str(edited), device="cpu")
    parameter = inscape.editing.load_edit(out).parameter
    assert not np.allclose(
        before.module.get_parameter(parameter).detach(), after.module.get_parameter(parameter).detach()
    )


@pytest.mark.parametrize("asked", ["--layer advice", "--segmenter town-segmenter"])
def test_what_only_generators_have_is_refused(folder, tmp_path, capsys, asked):
    out = tmp_path / "rule.edit.safetensors"
    arguments = ["rewrite", "town-classifier", "--task", str(folder / "task.toml"), "--out", str(out)]
    assert run([*arguments, *asked.split()]) == 2
    assert "is for generators" in capsys.readouterr().err


def test_without_a_judge_nothing_is_measured(folder, tmp_path, capsys):
    path = folder / "unjudged.toml"
    path.write_text(TASK.replace('[judge]\nplain = "plain"\nchanged = "changed"\n', ""))
    out = tmp_path / "rule.edit.safetensors"
    assert run(["rewrite", "town-classifier", "--task", str(path), "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["reach"], found["leak"], found["measured"]) == (None, None, None)


@pytest.mark.parametrize(
    ("model", "change", "said"),
    [
        ("town", (), "needs a classifier; 'town' is a generator"),
        ("town-classifier", ("changed/0.png", "plain/0.png"), "do not differ"),
        ("town-classifier", ("plain/0.png", "plain/none.png"), "none.png"),
        ("town-classifier", ("[[pair]]", '[[pair]]\nplane = "x"'), "pair.0.plane"),
        ("town-classifier", ("rank = 3", "rank = true"), "the setting rank is a whole number"),
        ("town-classifier", ('layer = "block1"', 'layer = "blck1"'), "no layer 'blck1'"),
        ("town-classifier", ('ordinary = "plain"', 'ordinary = "empty"'), "no photos"),
        ("town-classifier", ('changed = "changed"\n\n[set', 'changed = "."\n\n[set'), "have no partner"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(folder, tmp_path, capsys, model, change, said):
    (folder / "empty").mkdir(exist_ok=True)
    path = folder / "wrong.toml"
    path.write_text(TASK.replace(*change) if change else TASK)
    out = tmp_path / "rule.edit.safetensors"
    assert run(["rewrite", model, "--task", str(path), "--out", str(out)]) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()
