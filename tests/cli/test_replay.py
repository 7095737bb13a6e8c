from __future__ import annotations

import pytest

from cli.painting_model import write_models
from inscape.cli.main import run


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.json", None, "cannot be read"),
        ("text.json", b"hello", "neither a recipe nor a PNG"),
        ("list.json", b"[]", "A recipe is a JSON object"),
        ("next.json", b'{"schema_version": 9}', "schema_version 1, got '9'"),
        ("cut.png", b"\x89PNG\r\n\x1a\n....", "not a whole PNG picture"),
    ],
)
def test_what_cannot_be_replayed_is_one_sentence(name, content, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert run(["replay", name]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and sentence in captured.err and len(captured.err.strip().splitlines()) == 1
    assert not (tmp_path / "replayed.png").exists()


def test_a_recipe_of_a_model_that_is_not_here_says_so(model, tmp_path, capsys):
    out = tmp_path / "p.png"
    arguments = ["paint", str(model), "--units", "1", "--box", "0,0,4,4", "--remove", "--out", str(out)]
    assert run(arguments) == 0
    assert run(["replay", str(out), "--out", str(tmp_path / "again.png")]) == 1
    assert "The model of the recipe cannot be opened" in capsys.readouterr().err
    segmenter = str(model.parent / "segmenter")
    assert run(["replay", str(out), "--model", segmenter, "--out", str(tmp_path / "again.png")]) == 1
    assert "needs a generator" in capsys.readouterr().err
