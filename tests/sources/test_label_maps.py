"""Label maps as values and colours, photos that belong together, and files that cannot be read."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import inscape
from inscape.cli.main import run
from inscape.errors import FormatError, NotFoundError, UsageError
from inscape.models import Model
from inscape.sources import FolderPictures
from inscape.sources.groups import groups_of

COLOURS = {"sky": (70, 130, 180), "road": (128, 64, 128), "car": (0, 0, 142)}


@pytest.fixture
def model() -> Model:
    return inscape.open(
        torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1)), card={"image_size": 16, "name": "any"}, device="cpu"
    )


@pytest.fixture
def coloured(tmp_path: Path) -> Path:
    """Three photos of two drives; the label maps are bands of sky, road, car and black."""
    bands = [*COLOURS.values(), (0, 0, 0)]
    for number, name in enumerate(("north_1", "north_2", "south_1")):
        picture = np.full((32, 32, 3), 60 * number, np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{name}.bmp")
        rows = np.repeat(np.array(bands, np.uint8), 8, axis=0)
        Image.fromarray(np.repeat(rows[:, None], 32, axis=1)).save(tmp_path / f"{name}.png")
    return tmp_path


def bands_of(folder: Path, text: str, model: Model) -> tuple[tuple[str, ...], list[int]]:
    (folder / "concepts.txt").write_text(text)
    source = FolderPictures(folder, size=16, labels=folder)
    labels = source.run(model, [0]).labels
    assert source.vocabulary is not None and labels is not None
    return source.vocabulary.names, labels[0, 0, 2::4, 0].tolist()


@pytest.mark.parametrize(
    "text",
    [
        "0 0 0\n70 130 180 sky\n128 64 128 road\n0 0 142 car\n",
        "0,0,0\n70, 130, 180, sky\n128,64,128,road\n0,0,142,car\n",
        "name,r,g,b\n,0,0,0\nsky,70,130,180\nroad,128,64,128\ncar,0,0,142\n",
        "#000000\n#4682B4 sky\n#804080 road\n#00008e car\n",
    ],
)
def test_colours_mean_what_the_file_says_in_each_of_its_forms(coloured, model, text):
    assert bands_of(coloured, text, model) == (("sky", "road", "car"), [1, 2, 3, 0])


def test_several_colours_may_be_one_concept(coloured, model):
    text = "0 0 0\n70 130 180 open air\n128 64 128 ground\n0 0 142 ground\n"
    assert bands_of(coloured, text, model) == (("open air", "ground"), [1, 2, 2, 0])


def test_a_palette_is_read_as_colours_or_as_values(coloured, model):
    for path in coloured.glob("*.png"):
        with Image.open(path) as image:
            image.convert("P", palette=Image.Palette.ADAPTIVE, colors=4).save(path)
    text = "0 0 0\n70 130 180 sky\n128 64 128 road\n0 0 142 car\n"
    assert bands_of(coloured, text, model) == (("sky", "road", "car"), [1, 2, 3, 0])
    with Image.open(coloured / "north_1.png") as image:
        values = np.asarray(image)[4::8, 0].tolist()
    names = [str(value) for value in range(4)]
    found, numbers = bands_of(coloured, "\n".join(names), model)
    assert [found[number - 1] for number in numbers] == [str(value) for value in values]


def test_what_no_line_names_is_one_sentence(coloured, model):
    with pytest.raises(FormatError, match="has the colour 0 0 142, and .*concepts.txt names no such"):
        bands_of(coloured, "0 0 0\n70 130 180 sky\n128 64 128 road\n", model)
    with pytest.raises(FormatError, match="its line 2 has none: 'road'"):
        bands_of(coloured, "70 130 180 sky\nroad\n", model)
    with pytest.raises(FormatError, match="A colour stands twice"):
        bands_of(coloured, "70 130 180 sky\n70 130 180 air\n", model)
    for path in coloured.glob("*.png"):
        Image.fromarray(np.full((32, 32), 7, np.uint8)).save(path)
    with pytest.raises(FormatError, match=r"has the value 7, and .*concepts.txt names the values 0 to 1\."):
        bands_of(coloured, "sky\nroad\n", model)
    for path in coloured.glob("*.png"):
        Image.fromarray(np.full((32, 32), 255, np.uint8)).save(path)
    assert bands_of(coloured, "sky\nroad\n", model)[1] == [0, 0, 0, 0]


def test_photos_are_turned_as_their_camera_says_before_they_meet_their_label_maps(tmp_path, model):
    wide = np.zeros((32, 48, 3), np.uint8)
    wide[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter to the right
    Image.fromarray(wide).save(tmp_path / "a.jpg", exif=exif, quality=95)
    upright = np.zeros((48, 32), np.uint8)
    upright[:16] = 1
    Image.fromarray(upright).save(tmp_path / "a.png")
    (tmp_path / "concepts.txt").write_text("dark\nbright\n")
    batch = FolderPictures(tmp_path, size=16, labels=tmp_path).run(model, [0])
    assert batch.labels is not None
    bright = batch.inputs[0].mean(0) > 0
    assert torch.equal(bright[:, 1:-1], (batch.labels[0, 0] == 2)[:, 1:-1]) and bright.any()


@pytest.mark.parametrize("pattern", ["*_*", "([^_]+)_.*", "TABLE:drive"])
def test_photos_belong_together_by_name_or_by_a_table(coloured, pattern):
    table = coloured / "drives.csv"
    table.write_text("file,drive\nnorth_1,north\nnorth_2.bmp,north\nsouth_1,south\n")
    (coloured / "concepts.txt").write_text("0 0 0\n70 130 180 a\n128 64 128 b\n0 0 142 c\n")
    source = FolderPictures(coloured, size=16, labels=coloured, groups=pattern.replace("TABLE", str(table)))
    assert source.groups([0, 1, 2]) == ["north", "north", "south"]
    assert FolderPictures(coloured, size=16, labels=coloured).groups([0]) is None
    assert source.key() != FolderPictures(coloured, size=16, labels=coloured).key()


def test_photos_belong_together_by_folder(tmp_path):
    files = [tmp_path / "a" / "1.jpg", tmp_path / "b" / "c" / "2.jpg"]
    assert groups_of(files, tmp_path, "([^/]+)/.*") == ["a", "b"]
    assert groups_of(files[:1], tmp_path, "*/*") == ["a"]


def test_a_pattern_that_names_no_group_is_one_sentence(coloured, tmp_path):
    files = sorted(coloured.glob("*.bmp"))
    with pytest.raises(UsageError, match="names no group"):
        groups_of(files, coloured, "north")
    with pytest.raises(UsageError, match="is no regular expression"):
        groups_of(files, coloured, "(north")
    with pytest.raises(NotFoundError, match=r"fits 2 of 3 photos; .* is south_1\.bmp"):
        groups_of(files, coloured, "(north)_.*")
    with pytest.raises(NotFoundError, match="There is no table"):
        groups_of(files, coloured, "none.csv:drive")
    (coloured / "d.csv").write_text("file,drive\nnorth_1,north\n")
    with pytest.raises(NotFoundError, match="has no column 'road'; it has file, drive"):
        groups_of(files, coloured, f"{coloured / 'd.csv'}:road")
    with pytest.raises(FormatError, match=r"has no row for the photo north_2\.bmp"):
        groups_of(files, coloured, f"{coloured / 'd.csv'}:drive")
    for rest in ("north_2\n", "north_2,\n", "north_2, \n"):  # a short row, and empty cells
        (coloured / "d.csv").write_text(f"file,drive\nnorth_1,north\n{rest}")
        with pytest.raises(
            FormatError, match=r"has no row for the photo north_2\.bmp with a value of 'drive'"
        ):
            groups_of(files, coloured, f"{coloured / 'd.csv'}:drive")
    with pytest.raises(FormatError, match="has no row"):
        groups_of(files, coloured, f"{coloured / 'd.csv'}:file")


def test_files_that_cannot_be_read_are_named_once_and_left_out(coloured, model, caplog):
    for path in coloured.glob("*.png"):
        path.unlink()
    (coloured / "north_2.bmp").write_bytes(b"no picture")
    source = FolderPictures(coloured, size=16)
    with caplog.at_level(logging.WARNING, "inscape"):
        assert list(source.numbers(0, 10)) == [0, 1] and list(source.numbers(0, 10)) == [0, 1]
    assert [path.name for path in source.skipped] == ["north_2.bmp"]
    said = "Left out of source, 1 in all, what cannot be read: north_2.bmp"
    assert [record.getMessage().replace(coloured.name, "source") for record in caplog.records] == [said]
    assert source.run(model, [0, 1]).inputs.shape[0] == 2
    for path in coloured.glob("*.bmp"):
        path.write_bytes(b"no picture")
    with pytest.raises(NotFoundError, match="None of the 3 photos in the folder .* can be read"):
        FolderPictures(coloured, size=16).numbers(0, 10)


def test_the_command_line_refuses_a_pattern_without_photos_or_groups(tmp_path, capsys):
    line = ["dissect", "town", "--out", str(tmp_path / "out"), "--groups"]
    assert run([*line, "*_*"]) == 2
    assert "Name their folder with --source" in capsys.readouterr().err
    assert run([*line, "north", "--source", str(tmp_path)]) == 2
    assert "names no group" in capsys.readouterr().err
