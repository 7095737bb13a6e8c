"""Dissection of classifiers: planted detectors, tokens, photos that belong together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import inscape
from inscape.activations import as_grid, as_maps, token_grid
from inscape.cli.main import run
from inscape.dissection import dissect_layers
from inscape.errors import UnsupportedError
from inscape.sources import FolderPictures

COLOURS = np.array(
    [(20 + 24 * number, (97 * number) % 240, 240 - 22 * number) for number in range(10)], np.uint8
)
NAMES = tuple(f"thing {number}" for number in range(10))
SIZE, CELL = 32, 4


def scene(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A picture of ten kinds of cells in random order on a grey ground, and its values."""
    cells = np.full(64, 10)
    places = random.permutation(64)[:30]
    cells[places] = np.repeat(np.arange(10), 3)
    values = cells.reshape(8, 8).repeat(CELL, 0).repeat(CELL, 1).astype(np.uint8)
    return np.vstack([COLOURS, [(128, 128, 128)]]).astype(np.uint8)[values], values


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty photos of four drives."""
    root = tmp_path_factory.mktemp("things")
    random = np.random.default_rng(0)
    for number in range(40):
        picture, values = scene(random)
        Image.fromarray(picture).save(root / f"drive{number % 4}_{number:02d}.bmp")
        Image.fromarray(values).save(root / f"drive{number % 4}_{number:02d}.png")
    (root / "concepts.txt").write_text("\n".join(NAMES) + "\n\n")
    return root


class Detectors(nn.Module):
    """Ten units that are on exactly where one colour is, and eleven of fixed noise that sees no colour."""

    def forward(self, images: Tensor) -> Tensor:
        shown = torch.nn.functional.adaptive_avg_pool2d(images, 8)
        colours = torch.from_numpy(COLOURS.astype(np.float32) / 127.5 - 1)
        far = (shown[:, None] - colours[None, :, :, None, None]).abs().amax(2)
        seeds = [int((image.double().mean() * 1e9).abs()) % 2**31 for image in images]
        noise = torch.stack(
            [torch.rand(11, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        )
        return torch.cat([(far < 0.02).float(), noise], 1)


class Tokens(nn.Module):
    """The same as tokens, a row of cells after the other, behind one token of the class."""

    def forward(self, maps: Tensor) -> Tensor:
        patches = maps.flatten(2).transpose(1, 2)
        return torch.cat([patches.mean(1, keepdim=True), patches], 1)


class ByTokens(nn.Module):
    """A classifier that looks at maps, then at tokens, then at the token of the class."""

    def __init__(self) -> None:
        super().__init__()
        self.look, self.tokens, self.head = Detectors(), Tokens(), nn.Linear(21, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.tokens(self.look(images))[:, 0])
        return logits


@pytest.fixture(scope="module")
def model() -> inscape.Model:
    torch.manual_seed(0)
    return inscape.open(ByTokens(), card={"image_size": SIZE, "name": "planted"}, device="cpu")


@pytest.fixture(scope="module")
def reports(folder, model):
    source = FolderPictures(folder, size=SIZE, labels=folder, groups="*_*")
    return dissect_layers(model, ["look", "tokens", "head.input"], 40, source=source, top=1)


def test_ten_units_that_detect_ten_concepts_are_named_and_eleven_that_detect_nothing_are_not(reports):
    found = reports["look"].findings
    assert [(each.concept_best, each.counts) for each in found[:10]] == [(name, True) for name in NAMES]
    assert not any(each.counts for each in found[10:])


def test_tokens_are_dissected_as_the_maps_that_they_are(reports, model):
    assert model.layer("tokens").axes == ("token", "unit")
    assert reports["tokens"].findings == reports["look"].findings
    assert len(reports["head.input"].findings) == 21


def test_the_report_says_how_many_groups_there_were(reports, tmp_path):
    report = reports["look"]
    assert report.groups == 4 and ", in 4 groups" in report.facts()
    report.save(tmp_path / "report")
    assert inscape.DissectionReport.load(tmp_path / "report").groups == 4


def test_tokens_lie_in_rows_behind_those_that_are_no_patches():
    assert token_grid(197) == (1, 14) and token_grid(49) == (0, 7) and token_grid(201) == (5, 14)
    tokens = torch.arange(10.0).reshape(1, 10, 1)
    assert torch.equal(as_grid(tokens)[0, 0], torch.arange(1.0, 10).reshape(3, 3))
    assert torch.equal(as_grid(tokens[:, 1:])[0, 0], torch.arange(1.0, 10).reshape(3, 3))
    maps = torch.rand(2, 3, 4, 5)
    assert torch.equal(as_grid(maps), as_maps(maps))
    with pytest.raises(UnsupportedError, match="77 tokens are no square of patches"):
        token_grid(77)


def test_a_vision_transformer_of_hugging_face_is_dissected_and_explained(folder, tmp_path):
    transformers = pytest.importorskip("transformers", reason="the extra 'hub' is not installed")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    labels = {"id2label": {0: "cat", 1: "dog", 2: "car"}, "label2id": {"cat": 0, "dog": 1, "car": 2}}
    config = transformers.ViTConfig(image_size=32, patch_size=8, **sizes, **labels)
    transformers.ViTForImageClassification(config).save_pretrained(tmp_path / "vit")
    model = inscape.open(f"hf:{tmp_path / 'vit'}", device="cpu")
    assert model.card.classes == ("cat", "dog", "car")
    photo = next(folder.glob("*.bmp"))
    found = inscape.explain(model, photo, of="car", top=16)
    assert (found.method, found.class_name) == ("linear", "car")
    assert model.layer(found.layer).axes == ("token", "unit")
    assert any(part.region is not None for part in found.parts)
    source = FolderPictures(folder, size=32, labels=folder)
    report = inscape.dissect(model, found.layer, 8, source=source, top=1)
    assert len(report.findings) == 16
    assert inscape.explain(model, photo, report=report).named_by is not None


def test_the_command_line_measures_chance_within_groups(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    line = ["dissect", "test_classifiers:ByTokens", "--layer", "look", "--source", str(folder), "--top", "1"]
    line += ["--labels", str(folder), "--groups", "*_*", "--device", "cpu", "--label-size", "32"]
    (folder / "broken.bmp").write_bytes(b"BM")
    (folder / "broken.png").write_bytes((next(folder.glob("drive*.png"))).read_bytes())
    code = run([*line, "--out", str(tmp_path / "out"), "--json"])
    told = capsys.readouterr()
    assert code == 1 and "the first that it does not fit is broken.bmp" in told.err
    for name in ("broken.bmp", "broken.png"):
        (folder / name).rename(folder / f"drive9_{name}")
    assert run([*line, "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr()
    for path in folder.glob("drive9_*"):
        path.unlink()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["images"], report["groups"], report["skipped"]) == (40, 4, ["drive9_broken.bmp"])
    assert "1 files could not be read: drive9_broken.bmp" in told.out
