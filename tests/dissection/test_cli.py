from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from inscape import storage
from inscape.cli.main import run
from inscape.concepts import Concept, Vocabulary
from inscape.dissection import DissectionReport
from inscape.models import Card
from inscape.models.architectures.unet import UNet, UNetConfig
from small_generators import small_generator

VOCABULARY = Vocabulary([Concept("sky", "object"), Concept("tree", "object"), Concept("brick", "material")])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    """A generator and a segmenter on disk, both untrained."""
    generator = small_generator()
    generator.card.write(tmp_path / "generator" / "card.json")
    storage.save_tensors(tmp_path / "generator" / "weights.safetensors", generator.module.state_dict())
    config = UNetConfig(heads=(3, 2), channels=(4, 6))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = UNet(config)
    card = Card(
        name="tiny-segmenter",
        kind="classifier",
        architecture="unet",
        config=config.to_json(),
        image_size=32,
        concepts=VOCABULARY.to_json(),
    )
    card.write(tmp_path / "segmenter" / "card.json")
    storage.save_tensors(tmp_path / "segmenter" / "weights.safetensors", network.state_dict())
    return str(tmp_path / "generator"), str(tmp_path / "segmenter")


def test_json_holds_the_promised_keys_and_the_folder_the_report(folders, tmp_path, capsys):
    generator, segmenter = folders
    out = tmp_path / "report"
    arguments = ["dissect", generator, "--segmenter", segmenter, "--layer", "layer8a", "--images", "12"]
    assert run([*arguments, "--out", str(out), "--json", "--device", "cpu"]) == 0
    printed = json.loads(capsys.readouterr().out)
    saved = json.loads((out / "report.json").read_text())
    for document in (printed, saved):
        assert {"layer", "images", "units", "rankings", "concepts", "seconds"} <= document.keys()
        assert document["layer"] == "layer8a" and document["images"] == 12
        assert len(document["units"]) == 12
        assert document["units"][0].keys() == {
            *("unit", "concept", "plane", "iou", "threshold"),
            *("iou_best", "threshold_best", "concept_best", "chance", "counts"),
        }
        assert document["effects"] == {} == document["sets"]
        assert document["rankings"].keys() == {"sky", "tree", "brick"}
        assert {unit for unit, _ in document["rankings"]["sky"]} == set(range(12))
        assert document["seconds"].keys() == {"total", "model", "segmenter", "statistics", "page"}
    assert (out / "index.html").is_file()


def test_an_unknown_layer_is_one_sentence_and_exit_code_1(folders, tmp_path, capsys):
    generator, segmenter = folders
    arguments = [
        "dissect",
        generator,
        "--segmenter",
        segmenter,
        "--layer",
        "layr8a",
        "--out",
        str(tmp_path / "r"),
    ]
    assert run(arguments) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1 and "did you mean 'layer8a'" in output.err
    assert not (tmp_path / "r").exists()


def test_a_folder_with_other_things_is_left_alone(folders, tmp_path, capsys):
    generator, segmenter = folders
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    arguments = [
        "dissect",
        generator,
        "--segmenter",
        segmenter,
        "--images",
        "8",
        "--out",
        str(tmp_path / "mine"),
    ]
    assert run(arguments) == 1
    assert "other files than a report" in capsys.readouterr().err
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_numbers_that_cannot_be_meant_exit_2(folders, tmp_path):
    for images in ("zero", "1"):
        assert run(["dissect", folders[0], "--images", images, "--out", str(tmp_path / "r")]) == 2


def test_effects_are_printed_and_kept_and_order_the_units(folders, tmp_path, capsys):
    generator, segmenter = folders
    out = tmp_path / "report"
    arguments = ["dissect", generator, "--segmenter", segmenter, "--layer", "layer8a", "--images", "8"]
    assert run([*arguments, "--effects", "--out", str(out), "--json", "--device", "cpu"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["sets"] == {} and printed["effects"]
    for changes in printed["effects"].values():
        assert sorted(unit for unit, _ in changes) == list(range(12))
        assert changes == sorted(changes, key=lambda pair: pair[1])
    report = DissectionReport.load(out)
    concept, changes = next(iter(printed["effects"].items()))
    assert report.order(concept).rank == "effect" and report.order(concept).units[0] == changes[0][0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--sets-of", "tree"], "Add --sets"),
        (["--effects", "--source", "photos"], "a generator draws"),
    ],
)
def test_causes_that_cannot_be_meant_exit_2(folders, tmp_path, capsys, options, sentence):
    assert run(["dissect", folders[0], *options, "--out", str(tmp_path / "r")]) == 2
    assert sentence in capsys.readouterr().err


def test_a_rank_that_is_not_known_exits_2_and_one_that_the_report_lacks_exits_1(capsys):
    arguments = ["effect", "town", "--concept", "tree", "--images", "2", "--rank"]
    assert run([*arguments, "alhpa"]) == 2
    assert "did you mean 'alpha'" in capsys.readouterr().err
    assert run([*arguments, "alpha"]) == 1
    assert "no optimised set of 'tree'" in capsys.readouterr().err
