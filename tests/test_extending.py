"""The recipes of docs/extending.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from warm import warm_python

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text()
FOLLOWED = (
    *("An architecture", "A model that ships", "A checkpoint format", "A segmenter", "A source"),
    *("A world", "A verb", "A page of the studio"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it names or "run", and its text."""

    language: str
    target: str
    text: str

    def follow(self, copy: Path) -> None:
        """Do in a copy of the repository what the block says."""
        if self.language == "console":
            for line, expected in console(self.text):
                said = execute(line, copy)
                assert all(each in said for each in expected), f"{line}: {said}"
        elif self.target == "run":
            execute(shlex.join(["python", "-c", self.text]), copy)
        elif self.language == "diff":
            change(copy / self.target, self.text)
        elif self.target:
            assert not (copy / self.target).exists(), f"{self.target} is there already"
            (copy / self.target).parent.mkdir(parents=True, exist_ok=True)
            (copy / self.target).write_text(self.text)

    @property
    def lines(self) -> int:
        """How many lines of the repository it writes."""
        if self.language == "console" or self.target in ("", "run"):
            return 0
        added = [line for line in self.text.splitlines() if self.language != "diff" or line.startswith("+")]
        return len([line for line in added if line.strip()])


def recipe(title: str) -> list[Block]:
    section = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section, title
    found = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", section[1], re.DOTALL | re.MULTILINE)
    return [Block(*each) for each in found]


def console(text: str) -> list[tuple[str, list[str]]]:
    """The lines that are run, and what each is to say."""
    runs: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            runs.append((line[2:], []))
        else:
            runs[-1][1].append(line)
    return runs


def execute(line: str, copy: Path) -> str:
    """Run a line with the copy's Inscape; what it printed."""
    program, *words = shlex.split(line)
    start = [] if program == "python" else ["-m", "inscape"]
    assert program in ("python", "inscape"), line
    named = {"PYTHONPATH": str(copy / "src"), "INSCAPE_HOME": str(copy / "home"), "INSCAPE_SKIP_WEB": "1"}
    done = warm_python(*start, *words, folder=copy, environment=named)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def change(path: Path, text: str) -> None:
    """Replace what stands once in a file, behind spaces and minus signs, by what stands behind plus signs.

    The last line that goes may be the beginning of one; the last that comes then is, too.
    """
    marked = [(line[:1], line[1:]) for line in text.splitlines()]
    old = [line for mark, line in marked if mark in " -"]
    new = [line for mark, line in marked if mark in " +"]
    before, after = "\n".join(old), "\n".join(new)
    whole = path.read_text()
    assert whole.count(before) == 1, f"{path} has {whole.count(before)} times:\n{before}"
    path.write_text(whole.replace(before, after))


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of what the recipes change and run."""
    folder = tmp_path_factory.mktemp("repository")
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", "static")
    for name in ("src", "scripts", "docs", "web"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


def test_the_recipes_work_one_after_another(copy):
    for title in FOLLOWED:
        for block in recipe(title):
            block.follow(copy)


def test_the_table_says_what_each_recipe_takes():
    rows = re.findall(r"^\| ([A-Z][\w ]+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    counted = {}
    for title in FOLLOWED:
        blocks = [block for block in recipe(title) if block.lines]
        if not blocks:
            continue  # a model is files of its own, and no line of code
        files = {block.target for block in blocks}
        counted[title] = (len(files), sum(block.lines for block in blocks))
    assert {title: (int(files), int(lines)) for title, files, lines in rows} == counted
