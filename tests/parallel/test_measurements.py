"""Measurements give the same bits from this process and from others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from cli.painting_model import write_models
from inscape.audits import Audit
from inscape.cli.main import run
from inscape.dissection import UnitSet, artifact_units, effect, placement
from inscape.parallel import Executor, Processes
from inscape.segmenters.areas import LabelledPictures
from planted_effects import DOORS, ColourReader, planted_generator
from planted_rules import ColourSegmenter, planted_painter


@pytest.fixture(scope="module")
def processes():
    with Processes(2) as opened:
        yield opened


def measured_effect(executor: Executor | None) -> Any:
    units = UnitSet("planted", "units", (3, *DOORS), "door", torch.ones(3), {0.99: torch.ones(3)})
    found = effect(
        *(planted_generator(), units),
        **{"images": 70, "insert": True, "controls": 3, "segmenter": ColourReader(), "executor": executor},
    )
    return found.to_json(), found.strip.tolist()


def measured_places(executor: Executor | None) -> Any:
    doors = UnitSet("planted", "units", DOORS, "door", torch.ones(2), {0.99: torch.ones(2)})
    options = {"images": 40, "grid": 4, "controls": 3, "segmenter": ColourReader(), "executor": executor}
    return placement(planted_generator(), doors, **options).to_json()


def measured_artifacts(executor: Executor | None) -> Any:
    model = planted_generator()
    real = model.images(model.w_of_seeds(range(9000, 9100)))
    options = {"images": 320, "controls": 2, "segmenter": ColourReader(), "executor": executor}
    return artifact_units(model, top=2, real=real, **options).to_json()


def measured_rule(executor: Executor | None) -> Any:
    audit = Audit(planted_painter(), ColourSegmenter(), images=40, executor=executor)
    return audit.measure([], "dome", "tree").to_json()


def measured_score(executor: Executor | None) -> Any:
    model, reader = planted_painter(), ColourSegmenter()
    pieces = [range(start, start + 20) for start in range(0, 60, 20)]
    work = LabelledPictures(model, reader)
    return [labels.tolist() for labels in (executor.map(work, pieces) if executor else map(work, pieces))]


@pytest.mark.parametrize(
    "measure", [measured_effect, measured_places, measured_artifacts, measured_rule, measured_score]
)
def test_other_processes_measure_the_same_bits(measure: Callable[[Executor | None], Any], processes):
    assert measure(processes) == measure(None)


@pytest.mark.parametrize("workers", ["2", "ray"])
def test_a_report_is_the_same_bit_for_bit_whoever_works(workers, tmp_path, capsys):
    if workers == "ray":
        pytest.importorskip("ray")
    model = str(write_models(tmp_path))
    for name, asked in (("one", "1"), ("more", workers)):
        out = ["--out", str(tmp_path / name), "--workers", asked, "--device", "cpu"]
        assert run(["dissect", model, "--images", "36", "--layer", "layer8a", "--top", "2", *out]) == 0
    one, more = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("one", "more"))
    assert {**one, "seconds": None} == {**more, "seconds": None}
    for beside in ("values.safetensors", "index.html"):
        assert (tmp_path / "one" / beside).read_bytes() == (tmp_path / "more" / beside).read_bytes()
    capsys.readouterr()
