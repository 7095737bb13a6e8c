"""Nothing measured is lost in silence: full disks, names that are taken, results that cannot be sent."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dissection.planted import ColourSegmenter, planted_generator
from inscape import storage
from inscape.dissection import DissectionReport, dissect
from inscape.errors import StorageError, WorkersError
from inscape.parallel import Processes
from inscape.rewriting import key_moment
from inscape.rewriting.memories import memory_of
from inscape.verbs._reports import write_report
from parallel.works import Unsendable
from small_generators import small_generator


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that holds 48 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48k", "none", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only the superuser mounts a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def report() -> DissectionReport:
    return dissect(planted_generator(), images=40, segmenter=ColourSegmenter())


def test_a_report_that_fills_the_disk_is_saved_elsewhere_and_says_where(full_disk, home, report):
    with pytest.raises(StorageError, match=r"is full\. The result was saved to .*rescued.*-report instead"):
        write_report(report, full_disk / "report", home / "page.html")
    assert list(full_disk.iterdir()) == []
    [rescued] = (home / "rescued").iterdir()
    assert DissectionReport.load(rescued).findings == report.findings
    assert (home / "page.html").is_file()


def test_a_name_that_was_taken_meanwhile_is_left_alone_and_the_report_saved_elsewhere(tmp_path, home, report):
    (tmp_path / "report").write_text("somebody else's")
    with pytest.raises(StorageError, match="The result was saved to"):
        write_report(report, tmp_path / "report", None)
    assert (tmp_path / "report").read_text() == "somebody else's"
    assert len(list((home / "rescued").iterdir())) == 1


def test_a_disk_that_fills_up_during_the_pass_keeps_what_was_recorded(full_disk):
    with pytest.raises(StorageError, match="No space left.* What was recorded stays there for"):
        dissect(planted_generator(), images=40, segmenter=ColourSegmenter(), cache=full_disk)
    assert [path for path in full_disk.iterdir() if path.is_dir()]


def test_what_a_full_cache_cannot_keep_is_given_all_the_same(full_disk, monkeypatch, caplog):
    monkeypatch.setenv("INSCAPE_HOME", str(full_disk))
    (full_disk / "filling").write_bytes(bytes(47_000))
    with caplog.at_level(logging.WARNING, "inscape"):
        moment = key_moment(memory_of(small_generator(), "layer8a"), samples=4)
    assert moment.count > 0 and "The result is not kept there" in caplog.text


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path, monkeypatch):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "old").write_text("old")
    replace = Path.replace

    def fails(self: Path, target: Path) -> Path:
        if target == tmp_path / "report" and not self.name.endswith(".old"):
            raise FileExistsError
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(StorageError, match="cannot be written"), storage.atomic_folder(tmp_path / "report"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert (tmp_path / "report" / "old").read_text() == "old"


@pytest.mark.parametrize(
    ("at", "words"), [("result", "cannot be sent back"), ("error", "A worker failed: Odd: too odd to travel")]
)
def test_what_a_worker_cannot_send_is_one_sentence_and_what_came_before_is_there(at, words):
    came = []
    with Processes(1) as processes, pytest.raises(WorkersError, match=words):
        for result in processes.map(Unsendable(at), range(3)):
            came.append(result)
    assert came == [0, 1]
