from __future__ import annotations

import dataclasses
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dissection.planted import DOOR, SKY, TREE, ColourSegmenter, planted_generator
from inscape.concepts import Concept, Vocabulary
from inscape.dissection import DissectionReport, Thumbnails, compare_layers, dissect, shipped_report
from inscape.dissection._kept import KeptArray
from inscape.dissection._sprites import marked
from inscape.dissection._values import cell_fractions, conditional_means, quantiles
from inscape.errors import (
    ConceptError,
    FormatError,
    ModelNotFoundError,
    StorageError,
    UnitError,
    ValueRangeError,
)


@pytest.fixture(scope="module")
def report() -> DissectionReport:
    return dissect(
        planted_generator(), images=120, segmenter=ColourSegmenter(), label_size=16, top=Thumbnails(3, 32)
    )


def renamed(report: DissectionReport, names: dict[str, str], model: str) -> DissectionReport:
    vocabulary = Vocabulary(
        Concept(names.get(concept.name, concept.name), concept.plane)
        for concept in report.vocabulary.concepts
    )
    findings = tuple(
        dataclasses.replace(
            finding,
            concept=names.get(finding.concept or "", finding.concept),
            concept_best=names.get(finding.concept_best or "", finding.concept_best),
        )
        for finding in report.findings
    )
    return dataclasses.replace(report, vocabulary=vocabulary, findings=findings, model=model)


def test_a_saved_report_loads_as_it_was(report, tmp_path):
    folder = report.save(tmp_path / "report")
    loaded = DissectionReport.load(folder)
    assert loaded.findings == report.findings
    assert loaded.vocabulary == report.vocabulary
    assert loaded.rankings == report.rankings and loaded.concepts == report.concepts
    for name, tensor in report.tensors().items():
        assert torch.equal(tensor, loaded.tensors()[name]), name
    assert [loaded.top.sprites.strip(unit) for unit in range(12)] == [
        report.top.sprites.strip(u) for u in range(12)
    ]
    assert {path.name for path in folder.iterdir()} == {
        *("report.json", "index.html", "values.safetensors", "thumbnails")
    }


def test_information_is_high_where_a_unit_is_its_concept(report):
    assert report.values.information is not None
    door = report.vocabulary.index("door") - 1
    assert report.values.information[door, DOOR] == pytest.approx(1.0)
    assert report.values.information[door, SKY] < 0.1


def test_a_report_of_before_information_was_kept_still_loads(report, tmp_path):
    old = dataclasses.replace(report, values=dataclasses.replace(report.values, information=None))
    assert DissectionReport.load(old.save(tmp_path / "old")).values.information is None


def test_a_report_can_be_saved_over_the_one_it_was_loaded_from(report, tmp_path):
    folder = report.save(tmp_path / "report")
    DissectionReport.load(folder).save(folder)
    assert DissectionReport.load(folder).findings == report.findings


def test_a_folder_that_is_no_report_is_refused(report, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(StorageError, match="other files than a report"):
        report.save(tmp_path / "mine")
    (tmp_path / "mine" / "report.json").write_text("{}")  # of something else
    with pytest.raises(StorageError, match="other files than a report"):
        report.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
    (tmp_path / "mine" / "report.json").unlink()
    with pytest.raises(FormatError, match=r"report\.json"):
        DissectionReport.load(tmp_path / "mine")
    folder = report.save(tmp_path / "report")
    document = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps({**document, "schema_version": 99}))
    with pytest.raises(FormatError, match="version 99; expected 'dissection' of version 1"):
        DissectionReport.load(folder)
    (folder / "report.json").write_text(json.dumps({**document, "units": [{"unit": 0}]}))
    with pytest.raises(FormatError, match="damaged"):
        DissectionReport.load(folder)


@pytest.mark.parametrize("name", [".", "..", ""])
def test_a_report_does_not_take_the_place_of_the_folder_that_one_is_in(report, tmp_path, monkeypatch, name):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    with pytest.raises(StorageError, match="Name a new folder"):
        report.save(name)
    assert Path.cwd().is_dir() and list(tmp_path.iterdir()) == [tmp_path / "mine"]


def test_rankings_hold_every_unit_of_every_concept_best_first(report):
    assert report.rankings.keys() == {"sky", "door", "tree", "brick"}
    for ranking in report.rankings.values():
        assert sorted(unit for unit, _ in ranking) == list(range(12))
        values = [iou for _, iou in ranking]
        assert values == sorted(values, reverse=True)


def test_units_that_count_are_counted_once(report):
    counts = report.concepts
    assert sum(counts.values()) == sum(finding.counts for finding in report.findings)
    assert counts["door"] >= 1 and counts["tree"] >= 1


def test_a_unit_may_match_more_concepts_than_the_one_that_it_is_named_after(report):
    assert all(report.matches[name] >= count for name, count in report.concepts.items())


def test_near_names_are_given_for_an_unknown_concept(report):
    with pytest.raises(ConceptError, match="no concept 'doar'; did you mean 'door'"):
        report.units("doar")


def test_a_concept_that_nothing_matches_says_so(report):
    values = dataclasses.replace(report.values, chance=torch.ones_like(report.values.chance))
    with pytest.raises(ConceptError, match="matches 'door' better than chance"):
        dataclasses.replace(report, values=values).units("door")


def test_a_set_of_units_carries_its_values(report):
    doors = report.units("door", top=2)
    assert (doors.model, doors.layer, doors.concept) == ("planted", "units", "door")
    assert doors.units[0] == DOOR and doors.conditional_mean[0] == pytest.approx(1.0)
    assert doors.quantile[0.5][0] == 0 and doors.quantile[0.999][0] == 1
    assert doors.first(1).units == (DOOR,)
    with pytest.raises(ValueRangeError, match="at least one unit"):
        doors.first(0)


def test_hand_picked_units_have_the_mean_of_their_own_concept(report):
    picked = report.unit_set([TREE, SKY])
    assert picked.units == (TREE, SKY) and picked.concept is None
    torch.testing.assert_close(picked.conditional_mean, torch.ones(2))
    for wrong in ([12], [-1], [], [3, 3]):
        with pytest.raises(UnitError, match="units 0 to 11"):
            report.unit_set(wrong)


def test_the_table_has_a_row_per_unit(report):
    table = report.table()
    assert len(table) == 12 and table.loc[DOOR, "concept_best"] == "door"
    assert bool(table.loc[DOOR, "counts"])


def test_layers_are_compared_by_concept(report):
    other = dataclasses.replace(report, layer="later", findings=report.findings[:2])
    table = compare_layers([report, other])
    assert list(table.columns) == ["plane", "units", "later"]
    assert table.loc["door", "later"] == 1 and table.loc["tree", "later"] == 0
    assert table.loc["tree", "plane"] == "object"
    with pytest.raises(ValueRangeError, match="at least one report"):
        compare_layers([])


def test_foreign_names_are_escaped_in_page_and_notebook(report):
    evil = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>@@DATA@@'
    evil_report = renamed(report, {"door": evil}, evil)
    for html in (evil_report.page(str).html(), evil_report.html(), evil_report._repr_html_()):
        assert "<img" not in html and "<script>alert" not in html
        assert "&lt;img" in html
    assert report.html().count("<script") == 2


def test_the_page_asks_for_nothing_outside_its_folder(report):
    html = report.page(str).html()
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", html)
    assert "default-src 'none'" in html


def test_a_layer_without_matches_still_makes_a_page(report, tmp_path):
    dead = tuple(
        dataclasses.replace(f, concept=None, plane=None, iou=0.0, iou_best=0.0, concept_best=None, chance=0.0)
        for f in report.findings
    )
    folder = dataclasses.replace(report, findings=dead).save(tmp_path / "report")
    assert "No unit matches a concept" in (folder / "index.html").read_text()
    assert DissectionReport.load(folder).concepts == {}


def test_a_strip_shows_the_region_above_and_the_plain_pictures_below(report):
    strip = np.asarray(Image.open(io.BytesIO(report.top.sprites.strip(TREE))).convert("RGB")).astype(int)
    assert strip.shape == (64, 96, 3)
    assert strip[:32].mean() < 0.8 * strip[32:].mean()


def test_marking_keeps_the_inside_dims_the_outside_and_draws_a_border():
    picture = np.full((7, 7, 3), 200, np.uint8)
    inside = np.zeros((7, 7), bool)
    inside[2:5, 2:5] = True
    result = marked(picture, inside)
    assert (result[2:5, 2:5] == 200).all()
    assert result[1, 3].tolist() == [255, 255, 0] and result[0, 0].tolist() == [100, 100, 100]
    assert ((result == [255, 255, 0]).all(2)).sum() == 12


def test_cell_fractions_equal_a_plain_average():
    labels = np.random.default_rng(0).integers(0, 4, (3, 2, 8, 8)).astype(np.uint8)
    found = cell_fractions(labels, (4, 4), 4).reshape(3, 3, 4, 4)
    for concept in range(1, 4):
        present = (labels == concept).sum(1).reshape(3, 4, 2, 4, 2).mean((2, 4))
        np.testing.assert_allclose(found[concept - 1], present, atol=1e-6)


def test_cells_smaller_than_pixels_take_the_label_at_their_centre():
    labels = np.array([[[[1, 2], [0, 1]]]], np.uint8)
    found = cell_fractions(labels, (4, 4), 3).reshape(2, 4, 4)
    np.testing.assert_array_equal(found[0], np.kron([[1, 0], [0, 1]], np.ones((2, 2))))


def test_conditional_means_equal_the_slow_definition(tmp_path: Path):
    random = np.random.default_rng(1)
    maps = random.standard_normal((5, 3, 4, 4)).astype(np.float32)
    labels = random.integers(0, 3, (5, 1, 8, 8)).astype(np.uint8)
    kept_maps = KeptArray(tmp_path / "maps", maps.shape, maps.dtype)
    kept_labels = KeptArray(tmp_path / "labels", labels.shape, labels.dtype)
    kept_maps.write(0, maps)
    kept_labels.write(0, labels)
    conditional, mean = conditional_means(kept_maps, kept_labels, 4, batch=2)
    np.testing.assert_allclose(mean, maps.mean((0, 2, 3)), atol=1e-6)
    for concept in (1, 2):
        weight = (labels[:, 0] == concept).reshape(5, 4, 2, 4, 2).mean((2, 4))
        expected = (maps * weight[:, None]).sum((0, 2, 3)) / weight.sum()
        np.testing.assert_allclose(conditional[concept - 1], expected, atol=1e-5)
    torch.testing.assert_close(conditional[2], mean)


def test_quantiles_are_values_that_occur_at_the_nearest_rank():
    block = np.random.default_rng(2).standard_normal((40, 2, 3, 3)).astype(np.float32)
    found = quantiles(block, (0.0, 0.5, 0.99, 1.0))
    values = block.transpose(1, 0, 2, 3).reshape(2, -1)
    np.testing.assert_array_equal(found[[0, 3]], [values.min(1), values.max(1)])
    np.testing.assert_array_equal(found[2], np.quantile(values, 0.99, axis=1, method="closest_observation"))


def test_quantiles_of_values_that_mostly_tie_are_exact():
    block = np.random.default_rng(3).standard_normal((300, 1, 4, 4)).astype(np.float32).round(1)
    block[:200] = np.where(block[:200] > 0, -0.0, 0.0)
    levels = (0.1, 0.5, 0.75, 0.9, 0.999)
    expected = np.quantile(block.reshape(-1), levels, method="closest_observation")
    np.testing.assert_array_equal(quantiles(block, levels)[:, 0], expected)


def test_kept_arrays_give_back_rows_units_and_blocks(tmp_path: Path):
    array = np.arange(4 * 3 * 2 * 2, dtype=np.float32).reshape(4, 3, 2, 2)
    kept = KeptArray(tmp_path / "a", array.shape, array.dtype)
    kept.write(2, array[2:])
    kept.write(0, array[:2])
    np.testing.assert_array_equal(kept.rows(0, len(kept)), array)
    np.testing.assert_array_equal(kept.units(1, 2), array[:, 1:])
    np.testing.assert_array_equal(kept.units(1, 2, [3, 0]), array[[3, 0], 1:])
    np.testing.assert_array_equal(kept.unit_of(3, 1), array[3, 1])
    [(first, block)] = list(kept.unit_blocks())
    assert first == 0
    np.testing.assert_array_equal(block, array)
    (tmp_path / "a").write_bytes(b"123")
    with pytest.raises(FormatError, match="is cut off"):
        kept.rows(0, len(kept))


def test_a_model_that_does_not_ship_has_no_shipped_report():
    with pytest.raises(ModelNotFoundError, match="no model 'towm'"):
        shipped_report("towm")
