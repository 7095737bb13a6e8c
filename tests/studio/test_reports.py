from __future__ import annotations

import io
import json
from dataclasses import replace

from PIL import Image

import inscape
from inscape.concepts import Vocabulary
from inscape.dissection import DissectionReport
from inscape.models.weights import weights_hash
from inscape.painting import BrushScore, BrushSet, LearnedBrush
from studio.messages import add, mask_json


def test_models_say_what_they_are(client):
    (model, *_) = client.get("/api/models").json()["models"]
    assert (model["name"], model["kind"], model["licence"], model["paintable"]) == (
        "small",
        "generator",
        "MIT",
        True,
    )
    layers = {layer["name"]: layer for layer in model["layers"]}
    assert layers["layer16a"] == {"name": "layer16a", "units": 8, "size": 16, "dissected": True}
    assert client.get("/api/models/small").json() == model


def test_the_studio_says_when_it_is_ready(client, studio):
    studio.compute.submit(lambda: None).result()
    info = client.get("/api/studio").json()
    assert (info["default_model"], info["ready"], info["failure"]) == ("small", True, None)


def test_a_report_is_what_the_library_wrote(client, model_folder):
    report = DissectionReport.load(model_folder / "report")
    shown = client.get("/api/models/small/layers/layer16a/report").json()
    assert (shown["dissected"], shown["images"], shown["concepts"]) == (True, 60, report.concepts)
    for row, finding in zip(shown["units"], report.findings, strict=True):
        assert (row["unit"], row["concept"], row["passes"]) == (finding.unit, finding.concept, finding.counts)
        assert abs(row["iou"] - finding.iou) < 1e-6
    assert [unit for unit, _ in shown["rankings"]["light"]] == [unit for unit, _ in report.rankings["light"]]


def test_a_layer_without_report_says_so(client):
    shown = client.get("/api/models/small/layers/layer4/report").json()
    assert (shown["dissected"], shown["units"]) == (False, [])
    assert client.get("/api/models/small/brushes?layer=layer4").json()["brushes"] == []


def test_one_unit_is_shown_in_full(client, model_folder):
    report = DissectionReport.load(model_folder / "report")
    unit = client.get("/api/models/small/layers/layer16a/units/3").json()
    assert unit["row"]["unit"] == 3
    assert unit["seeds"] == report.top.seeds[3].tolist()
    assert unit["conditional_mean"].keys() == {"light", "dark", "left"}
    levels = [level for level, _ in unit["quantiles"]]
    assert levels == sorted(levels)
    ious = [iou for _, iou in unit["concepts"]]
    assert ious == sorted(ious, reverse=True)


def test_strips_and_thumbnails_are_pictures(client):
    strip = Image.open(io.BytesIO(client.get("/api/models/small/layers/layer16a/units/0/strip.webp").content))
    assert strip.format == "WEBP" and strip.width == 8 * strip.height // 2
    thumbnail = client.get("/api/models/small/brushes/light/thumbnail.webp")
    assert thumbnail.status_code == 200
    picture = Image.open(io.BytesIO(thumbnail.content))
    assert picture.width == picture.height == strip.height // 2


def test_brushes_are_the_concepts_that_units_match(client, model_folder):
    report = DissectionReport.load(model_folder / "report")
    shown = client.get("/api/models/small/brushes").json()
    assert shown["layer"] == "layer16a"
    assert {brush["concept"] for brush in shown["brushes"]} == set(report.matches)
    for brush in shown["brushes"]:
        expected = report.units(brush["concept"], top=brush["top"]).units
        assert tuple(brush["units"][: brush["top"]]) == expected
        assert client.get("/" + brush["thumbnail"]).status_code == 200


def test_units_that_fire_under_a_region_are_ranked(client):
    body = {"seed": 7, "layer": "layer16a", "region": mask_json(1), "top": 5}
    rows = client.post("/api/models/small/activity", json=body).json()["units"]
    scores = [row["score"] for row in rows]
    assert len(rows) == 5 and scores == sorted(scores, reverse=True)
    assert all(isinstance(row["fired"], bool) for row in rows)


def test_other_weights_of_the_same_name_have_no_report_made_for_these(client, studio, model_folder):
    before = studio.reports.kept_at("small", "layer8a")
    weights = model_folder / "weights.safetensors"
    data = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(data[:-4] + b"\0\0\0\0")
    assert studio.reports.kept_at("small", "layer8a") != before


def test_a_concept_that_no_unit_matches_has_no_brush_and_paints_nothing(client, model_folder):
    path = model_folder / "report"
    report = DissectionReport.load(path)
    chance, iou = report.values.chance.clone(), report.values.iou_best.clone()
    light = report.vocabulary.index("light") - 1
    chance[light], iou[light] = 0.0, 0.04
    vocabulary = Vocabulary([replace(concept, plane="object") for concept in report.vocabulary.concepts])
    values = replace(report.values, chance=chance, iou_best=iou)
    replace(report, values=values, vocabulary=vocabulary).save(path)
    listed = client.get("/api/models/small/brushes").json()
    assert "light" not in [brush["concept"] for brush in listed["brushes"]]
    assert "light" in listed["absent"]
    answer = client.post("/api/paintings", json={"model": "small", "seed": 7, "operations": [add(0)]})
    assert answer.status_code == 404
    assert "matches 'light'" in answer.json()["detail"]


def test_a_report_of_an_earlier_version_gives_the_same_brushes(client, model_folder):
    before = client.get("/api/models/small/brushes").json()
    path = model_folder / "report" / "report.json"
    document = json.loads(path.read_text())
    del document["matches"]
    path.write_text(json.dumps(document))
    assert client.get("/api/models/small/brushes").json() == before


def test_units_of_a_layer_that_nobody_has_dissected_say_so(client):
    stroke = {"id": "a", "layer": "layer8a", "units": [1], "region": {"box": [2, 2, 4, 4]}}
    request = {"model": "small", "seed": 0, "operations": [{"kind": "stroke", "stroke": stroke}]}
    answer = client.post("/api/paintings", json=request)
    assert answer.status_code == 404 and answer.json()["title"] == "Not dissected yet"
    assert "page Units" in answer.json()["hint"]


def learned_brush(model_folder, **changes):
    """A file of brushes beside the weights, with one that adds to two units of `layer8a`."""
    score = BrushScore("judge", 200, 0.62, 0.05, 200, 0.01, 1.2)
    fields = {"concept": "light", "kind": "obedient", "layer": "layer8a", "units": (4, 1), "box": (2, 2)}
    brush = LearnedBrush(**fields | {"values": (2.0, -1.0), "score": score} | changes)
    weights = weights_hash(inscape.open(model_folder).module)
    BrushSet("small", weights, (brush,)).save(model_folder / "brushes.json")
    return brush


def test_learned_brushes_are_listed_with_what_they_do(client, model_folder):
    learned_brush(model_folder)
    (shown,) = [one for one in client.get("/api/models/small/brushes").json()["brushes"] if one["score"]]
    assert (shown["concept"], shown["kind"], shown["layer"]) == ("light", "obedient", "layer8a")
    assert (shown["score"]["of_ten"], shown["score"]["works"]) == (6, True)
    assert shown["units"] == [4, 1]


def test_a_measured_brush_of_the_report_says_what_it_does(client, model_folder):
    score = BrushScore("judge", 200, 0.3, 0.05, 200, 0.01, 1.2)
    learned_brush(model_folder, kind="causal", layer="layer16a", score=score)
    shown = client.get("/api/models/small/brushes").json()["brushes"]
    assert [one["score"] and one["score"]["works"] for one in shown if one["concept"] == "light"] == [False]


def test_a_stroke_of_a_learned_brush_adds_to_its_units(client, model_folder):
    learned_brush(model_folder)
    body = {"model": "small", "seed": 7, "operations": [add(0, kind="obedient", layer="layer8a")]}
    kept = client.post("/api/paintings", json=body).json()
    stroke = kept["operations"][0]["stroke"]
    assert (stroke["units"], stroke["values"], stroke["kind"]) == ([4, 1], [2.0, -1.0], "obedient")
    recipe = client.get(f"/api/paintings/{kept['id']}/recipe.json").json()
    assert recipe["edits"][0]["mode"] == "add"


def test_a_learned_brush_that_is_not_there_says_so(client, model_folder):
    learned_brush(model_folder)
    body = {"model": "small", "seed": 7, "operations": [add(0, kind="learned", layer="layer8a")]}
    answer = client.post("/api/paintings", json=body)
    assert answer.status_code == 404 and "kind of brush" in answer.json()["detail"]


def test_brushes_of_other_weights_paint_nothing(client, model_folder):
    learned_brush(model_folder)
    path = model_folder / "brushes.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weights": "0" * 64}))
    body = {"model": "small", "seed": 7, "operations": [add(0, kind="obedient", layer="layer8a")]}
    answer = client.post("/api/paintings", json=body)
    assert answer.status_code >= 400 and "other weights" in answer.json()["detail"]


def test_a_learned_brush_only_draws(client, model_folder):
    learned_brush(model_folder)
    stroke = add(0, kind="obedient", layer="layer8a", mode="remove")
    answer = client.post("/api/paintings", json={"model": "small", "seed": 7, "operations": [stroke]})
    assert answer.status_code == 422 and "only draws" in answer.json()["detail"]
