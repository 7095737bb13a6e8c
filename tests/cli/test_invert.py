from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.painting_model import write_models
from inscape.cli.main import run
from photos.painted_photo import some_photo


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "house.png"
    some_photo().save(path)
    return path


def told(capsys: pytest.CaptureFixture[str]) -> dict:
    out = capsys.readouterr().out
    document = json.loads(out)
    assert out.count("\n") == 1
    return document


def test_invert_writes_what_it_found_and_a_picture_of_every_stage(tmp_path, photo, capsys):
    model, out = str(write_models(tmp_path)), tmp_path / "out"
    arguments = ["invert", str(photo), "--model", model, "--seconds", "3", "--out", str(out), "--json"]
    assert run(arguments) == 0
    document = told(capsys)
    assert set(document["psnr"]) == {"encoder", "latent", "features", "adapted"}
    assert document["psnr"]["encoder"] is None
    # a slow machine has no time left for a stage
    assert document["psnr"]["latent"] <= document["psnr"]["features"] <= document["psnr"]["adapted"]
    assert set(document["seconds"]) == set(document["psnr"])
    names = {Path(file).name for file in document["files"]}
    assert names == {
        *("house.inversion.safetensors", "photo.png", "latent.png", "features.png", "adapted.png"),
        "lost.png",
    }
    assert all(Path(file).is_file() for file in document["files"])
    assert Image.open(out / "adapted.png").size == (32, 32)


def test_paint_on_a_photo_gives_the_photo_with_the_edit_in_it(tmp_path, photo, capsys):
    model, painted = str(write_models(tmp_path)), tmp_path / "painted.png"
    arguments = ["paint", model, "--photo", str(photo), "--units", "0,2", "--box", "20,20,16,16"]
    arguments += ["--seconds", "3", "--out", str(painted), "--json"]
    assert run(arguments) == 0
    document = told(capsys)
    assert document["files"] == [str(painted)] and {"area_before", "area_after"} <= set(document)
    before, after = (np.asarray(Image.open(path).convert("RGB")) for path in (photo, painted))
    assert before.shape == after.shape
    assert (before[20:36, 20:36] != after[20:36, 20:36]).any()
    assert (before[:, 60:] == after[:, 60:]).all()


def test_paint_takes_what_invert_wrote(tmp_path, photo, capsys):
    model, out = str(write_models(tmp_path)), tmp_path / "out"
    arguments = ["--model", model, "--layer", "layer16b", "--seconds", "2", "--out", str(out), "--json"]
    assert run(["invert", str(photo), *arguments]) == 0
    inversion = told(capsys)["files"][0]
    painted = tmp_path / "painted.png"
    arguments = ["--photo", str(photo), "--inversion", inversion, "--units", "0", "--remove"]
    arguments += ["--box", "20,20,16,16", "--out", str(painted)]
    assert run(["paint", model, *arguments, "--layer", "layer32a"]) == 0
    assert painted.is_file()
    assert run(["paint", model, *arguments, "--layer", "layer16a"]) == 1
    assert "layer16b" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["invert", "nowhere.jpg", "--model", "MODEL"], 1, "nowhere.jpg"),
        (["invert", "PHOTO", "--model", "MODEL", "--fit", "squash"], 2, "crop, pad"),
        (["invert", "PHOTO", "--model", "MODEL", "--start", "guess"], 1, "'encoder' or 'average'"),
        (["invert", "PHOTO", "--model", "town-segmenter"], 1, "needs a generator"),
        (["invert", "PHOTO", "--model", "MODEL", "--layer", "layr"], 1, "layer"),
        (["paint", "MODEL", "--box", "0,0,8,8", "--units", "0", "--inversion", "x"], 2, "--photo"),
        (
            ["paint", "MODEL", "--photo", "PHOTO", "--box", "0,0,800,8", "--units", "0", "--remove"],
            1,
            "outside the photo of 80 × 64",
        ),
    ],
)
def test_bad_input_ends_in_one_sentence(tmp_path, photo, capsys, arguments, code, words):
    model = str(write_models(tmp_path))
    named = {"MODEL": model, "PHOTO": str(photo)}
    assert run([named.get(each, each) for each in arguments]) == code
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and not said.out


def test_the_appearance_of_another_place_can_be_painted(tmp_path, photo, capsys):
    model, painted = str(write_models(tmp_path)), tmp_path / "painted.png"
    arguments = ["paint", model, "--photo", str(photo), "--like", "60,4,12,12", "--box", "20,20,16,16"]
    assert run([*arguments, "--seconds", "3", "--out", str(painted)]) == 0
    before, after = (np.asarray(Image.open(path).convert("RGB")) for path in (photo, painted))
    assert (before[20:36, 20:36] != after[20:36, 20:36]).any()
    assert run(["paint", model, "--like", "0,0,8,8", "--box", "8,8,8,8", "--out", str(painted)]) == 0
    assert run(["replay", str(painted), "--model", model, "--out", str(tmp_path / "again.png")]) == 0
    assert (np.asarray(Image.open(painted)) == np.asarray(Image.open(tmp_path / "again.png"))).all()
    assert run(["paint", model, "--like", "0,0,8,8", "--box", "8,8,8,8", "--remove"]) == 2
    assert "--remove and --like" in capsys.readouterr().err


def test_what_is_finished_stays_within_the_influence_of_the_edit(tmp_path, photo, capsys):
    model = str(write_models(tmp_path))
    arguments = ["paint", model, "--photo", str(photo), "--units", "0,2", "--box", "20,20,16,16"]
    pictures = []
    for name, more in (("soon.png", []), ("late.png", ["--finish", "2"])):
        assert run([*arguments, "--seconds", "3", *more, "--out", str(tmp_path / name)]) == 0
        pictures.append(np.asarray(Image.open(tmp_path / name).convert("RGB")))
    before = np.asarray(Image.open(photo).convert("RGB"))
    soon, late = ((before != after).any(2) for after in pictures)
    assert (pictures[0] != pictures[1]).any()
    rows, columns = np.nonzero(soon)
    near = np.zeros_like(soon)
    near[max(0, rows.min() - 8) : rows.max() + 9, max(0, columns.min() - 8) : columns.max() + 9] = True
    assert not late[~near].any() and not near.all()
