"""The layers of a model compared, by the command line and by the page Layers."""

from __future__ import annotations

import json

import pytest

from inscape.cli.main import run
from inscape.dissection import DissectionReport
from studio.test_jobs import done


@pytest.fixture
def compared(dissected_model, tmp_path, capsys):
    asked = ["layers", str(dissected_model), "--layers", "layer16a,layer8a", "--images", "40"]
    out = tmp_path / "kept"
    assert run([*asked, "--segmenter", "town-segmenter", "--out", str(out), "--json"]) == 0
    return json.loads(capsys.readouterr().out), out


def test_layers_come_in_the_order_of_the_forward_pass_with_what_counts(compared):
    said, out = compared
    assert [row["layer"] for row in said["layers"]] == ["layer8a", "layer16a"]
    for row in said["layers"]:
        report = DissectionReport.load(out / row["layer"])
        assert row["units"] == len(report.findings)
        assert row["concepts"] == report.concepts
        assert row["above_chance"] == sum(finding.counts for finding in report.findings)


def test_a_layer_that_there_is_not_is_named_and_nothing_is_written(dissected_model, tmp_path, capsys):
    asked = ["layers", str(dissected_model), "--layers", "layer8a,layer9", "--out", str(tmp_path / "kept")]
    assert run(asked) == 1
    assert "layer9" in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()


def test_the_page_says_what_is_known_of_every_layer(client, studio):
    found = client.get("/api/models/small/comparison").json()
    rows = {row["layer"]: row for row in found["layers"]}
    assert list(rows) == [layer.name for layer in studio.library.card("small").layers]
    report = studio.reports.load("small", "layer16a")
    assert rows["layer16a"]["concepts"] == report.concepts
    assert rows["layer16a"]["above_chance"] == sum(finding.counts for finding in report.findings)
    assert not rows["layer8a"]["dissected"] and rows["layer8a"]["units"] > 0
    assert set(report.concepts) <= set(found["colours"])


def test_a_comparison_looks_into_several_layers_and_keeps_their_reports(client, studio):
    asked = {"layers": ["layer8b", "layer8a"], "images": 40, "segmenter": "town-segmenter"}
    job = done(client, client.post("/api/models/small/comparison", json=asked))
    assert list(job["result"]["above_chance"]) == ["layer8a", "layer8b"]
    rows = {row["layer"]: row for row in client.get("/api/models/small/comparison").json()["layers"]}
    for layer, counted in job["result"]["above_chance"].items():
        assert rows[layer]["dissected"] and rows[layer]["images"] == 40
        assert (
            rows[layer]["above_chance"]
            == counted
            == sum(studio.reports.load("small", layer).concepts.values())
        )


def test_a_layer_or_segmenter_that_there_is_not_is_refused(client):
    address = "/api/models/small/comparison"
    assert client.post(address, json={"layers": ["nope"], "images": 40}).status_code == 404
    unknown = {"layers": ["layer8a"], "images": 40, "segmenter": "nope"}
    assert client.post(address, json=unknown).status_code == 404
    assert client.post(address, json={"layers": [], "images": 40}).status_code == 422
