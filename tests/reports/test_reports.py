"""What every report can do: come back, stand in one file, and be refused with a sentence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import inscape
from inscape.dissection import (
    ArtifactReport,
    DissectionReport,
    EffectReport,
    FoundUnit,
    PlacementReport,
    UnitSearch,
    shipped_report,
    shipped_report_folder,
)
from inscape.editing import UnitEdit, WeightEdit
from inscape.errors import FormatError, StorageError
from inscape.photos import Lost, LostConcept
from inscape.pictures import Picture
from inscape.reports import Report, load_report
from small_generators import small_generator

EVIL = "<script>alert(1)</script>@@BODY@@"
PICTURE = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
MAP = np.arange(256).reshape(16, 16).astype(np.uint8)
REPORTS: dict[str, Report] = {
    "effect": EffectReport(
        **{"model": EVIL, "layer": "layer8a", "units": (3, 1), "concept": EVIL, "images": 4, "seed": 9},
        **{"area_before": 0.5, "area_after": 0.25, "relative_change": -0.5, "interval": (-0.6, -0.4)},
        control={"sets": 2, "relative_change": 0.0, "interval": [-0.1, 0.1], "each": [-0.1, 0.1]},
        curve=[(0, 0.0), (1, None), (2, -0.5)],
        appears={"sky": 1.0},
        elsewhere={"units": 0.1, "control": None},
        concepts={EVIL: {"before": 0.5, "after": 0.25, "relative_change": -0.5, "control": None}},
        insertion=None,
        strip=np.stack([PICTURE] * 3)[None],
        strip_seeds=(7,),
    ),
    "placement": PlacementReport(
        **{"model": EVIL, "layer": "layer8a", "units": (3,), "concept": "door", "images": 4, "seed": 9},
        grid=2,
        by_label={EVIL: {"places": 4, "gain": 0.5, "control": None, "interval": None}},
        map=np.array([[0.0, 1.0], [0.5, -0.1]]),
    ),
    "artifacts": ArtifactReport(
        *(EVIL, "layer8a", 32, 9, ((1, 9.5), (0, 1.0)), (1.0, 2.0), (1,), 3.0, 2.0, (3.0, 2.9))
    ),
    "find": UnitSearch(
        *(EVIL, "layer8a", (FoundUnit(1, 0.9, 0.8, 1.0, 0.0), FoundUnit(0, 0.1, 0.5, 0.0, 0.0))),
        *(5, 20, 0.3, (1,)),
    ),
    "lost": Lost([LostConcept(EVIL, 0.5, 0.0, 0.5)], MAP > 9, MAP, MAP.T.copy(), PICTURE),
}


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_of_any_kind_comes_back_from_its_folder(kind, tmp_path):
    report = REPORTS[kind]
    opened = load_report(report.save(tmp_path / "report"))
    assert type(opened) is type(report) and opened.kind == kind
    assert opened.to_json() == json.loads(json.dumps(report.to_json()))
    pd.testing.assert_frame_equal(opened.table(), report.table())
    for name in report.beside:
        np.testing.assert_array_equal(getattr(opened, name), getattr(report, name))
    assert opened.html() == report.html()
    assert opened.save(tmp_path / "report").is_dir()  # over itself


@pytest.mark.parametrize("kind", REPORTS)
def test_one_file_of_a_report_needs_no_other_and_runs_nothing_foreign(kind, tmp_path):
    html = REPORTS[kind].save_html(tmp_path / "page.html").read_text()
    assert all(link.startswith("data:") for link in re.findall(r"(?:src|href)=[\"']([^\"']*)", html))
    assert html.startswith("<!doctype html>") and html.rstrip().endswith("</html>")
    assert html.count("</html>") == 1 and "<script>" not in html
    shown = REPORTS[kind]._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in html + shown


def test_the_shipped_report_gives_the_table_that_its_file_holds():
    folder = shipped_report_folder("town")
    report, document = load_report(folder), json.loads((folder / "report.json").read_text())
    assert isinstance(report, DissectionReport)
    assert json.loads(json.dumps(report.to_json())) == document
    rows = report.table().astype(object)
    assert rows.where(rows.notna(), None).to_dict("records") == document["units"]


def test_one_file_of_a_dissection_holds_every_strip():
    report = shipped_report("town")
    html = report.html()
    assert html.count("data:image/webp;base64,") == len(report.findings)
    assert "thumbnails/" not in html and html.count("<script") == 2


def test_a_report_of_before_a_field_was_kept_is_read(tmp_path):
    path = REPORTS["effect"].save(tmp_path / "r") / "report.json"
    document = json.loads(path.read_text())
    del document["classes"]
    path.write_text(json.dumps(document))
    assert load_report(tmp_path / "r").to_json()["classes"] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema_version": 2}, "a report of version 2; expected 'find' of version 1. Measure again."),
        ({"schema_version": None}, "a report of version None"),
        (
            {"kind": "dream"},
            "a report of kind 'dream'. Known kinds: artifacts, atlas, dissection, effect, explain, find",
        ),
        ({"units": [[0, 1.0]]}, "is damaged"),
        ({"model": None}, "is damaged"),
    ],
)
def test_what_is_not_known_or_whole_is_refused_in_one_sentence(change, sentence, tmp_path):
    path = REPORTS["find"].save(tmp_path / "r") / "report.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(FormatError) as caught:
        load_report(tmp_path / "r")
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_a_class_refuses_the_report_of_another(tmp_path):
    folder = REPORTS["find"].save(tmp_path / "r")
    with pytest.raises(FormatError, match="report of 'find'; expected 'effect' .* inscape.load_report"):
        EffectReport.load(folder)
    (folder / "report.json").unlink()
    with pytest.raises(FormatError, match=r"report\.json"):
        load_report(folder)


def test_a_file_beside_that_is_gone_is_said(tmp_path):
    folder = REPORTS["effect"].save(tmp_path / "r")
    (folder / "strip.png").unlink()
    with pytest.raises(FormatError, match="is damaged"):
        load_report(folder)


def test_a_report_of_ones_own_kind_is_known_once_its_class_is(tmp_path):
    @dataclass(frozen=True)
    class Count(Report):
        kind: ClassVar[str] = "count"
        rows: tuple[int, ...]

        def table(self) -> pd.DataFrame:
            return pd.DataFrame({"row": self.rows})

        def heading(self) -> str:
            return "A count"

        def facts(self) -> str:
            return f"{len(self.rows)} rows"

    folder = Count((3, 4)).save(tmp_path / "r")
    assert inscape.load_report(folder) == Count((3, 4))
    assert "A count" in (folder / "index.html").read_text()


def test_a_page_alone_is_not_written_where_it_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        REPORTS["find"].save_html(tmp_path / "file" / "page.html")


def test_pictures_models_and_edits_show_themselves_in_a_notebook():
    picture = Picture(PICTURE, seed=7, model=EVIL)._repr_html_()
    assert "seed 7" in picture and 'src="data:image/png;base64,' in picture and "<script>" not in picture
    model = small_generator()
    shown = model._repr_html_()
    assert model.name in shown and all(layer in shown for layer in model.layers)
    edit = UnitEdit("layer8a", (1, 2), mode="remove", concept=EVIL)
    assert "2 units of layer8a, switched off" in edit._repr_html_()
    rule = WeightEdit("layer8a", "w", np.eye(2, 3), np.ones((4, 2, 1, 1)), name=EVIL, made={"loss": 0.5})
    assert "loss" in rule._repr_html_()
    for html in (edit._repr_html_(), rule._repr_html_(), replace(rule, made={})._repr_html_()):
        assert "<script>" not in html and "&lt;script&gt;" in html
