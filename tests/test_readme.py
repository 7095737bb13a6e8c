"""The lines of the README work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inscape import segmenters
from inscape.pictures import to_tensor

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_lines_of_python_run_and_paint_a_tree(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), names)
    assert (tmp_path / "tree.png").stat().st_size > 1000
    assert "iou" in capsys.readouterr().out
    segmenter = segmenters.open("town-segmenter")
    plane, tree = segmenter.vocabulary.plane_of("tree"), segmenter.vocabulary.index("tree")
    box = segmenter.segment(to_tensor([names["picture"], names["after"]]))[:, plane, 24:48, 2:18]
    before, after = (box == tree).float().mean((1, 2)).tolist()
    assert before < 0.05 and after > 0.2


def test_every_verb_of_the_table_exists_with_its_options():
    from inscape.cli.main import VERBS, run

    verbs = re.findall(r"^\| `inscape (fact \w+|\w+)([^`]*)`", README, re.MULTILINE)
    assert {verb for verb, _ in verbs} == set(VERBS)
    cli = (ROOT / "docs" / "cli.md").read_text()
    for verb, rest in verbs:
        section = cli.split(f"## `inscape {verb}`")[1].split("## `inscape")[0]
        assert all(option in section for option in re.findall(r"--[a-z-]+", rest)), verb
    assert run(["--version"]) == 0


def test_every_picture_and_page_that_is_linked_exists():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
