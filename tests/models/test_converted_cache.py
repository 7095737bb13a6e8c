"""What was opened once comes from the cache, whatever its name, and a spoilt cache is no trouble."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import inscape
from inscape import storage
from inscape.models import converted
from models.foreign import nvidia, rosinality, small_stylegan2


def entries() -> list[Path]:
    folder = storage.cache_folder() / "models"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_the_second_opening_reads_no_pickle(tmp_path, monkeypatch):
    path = nvidia(small_stylegan2(), tmp_path / "church.pkl")
    first = inscape.open(path, device="cpu")
    assert len(entries()) == 1
    moved = Path(shutil.copy(path, tmp_path / "other.bin"))
    monkeypatch.setattr(storage, "read_pickle", lambda *_: pytest.fail("read again"))
    again = inscape.open(moved, device="cpu")
    assert (again.name, again.origin) == ("other", moved)
    assert again.card.model_copy(update={"name": "church"}) == first.card
    for name, value in first.module.state_dict().items():
        assert torch.equal(again.module.state_dict()[name], value), name


def test_another_content_is_another_entry(tmp_path):
    for index in range(2):
        torch.save(
            rosinality(small_stylegan2()) | {"style.1.bias": torch.full((12,), float(index))},
            tmp_path / "g.pt",
        )
        inscape.open(tmp_path / "g.pt", device="cpu")
    assert len(entries()) == 2


@pytest.mark.parametrize("spoilt", ["card.json", "weights.safetensors"])
def test_an_entry_without_a_file_is_made_again(tmp_path, spoilt):
    path = nvidia(small_stylegan2(), tmp_path / "church.pkl")
    inscape.open(path, device="cpu")
    (entries()[0] / spoilt).unlink()
    assert inscape.open(path, device="cpu").image_size == 16
    assert (entries()[0] / spoilt).is_file()


def test_an_unwritable_cache_is_no_trouble(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.write_text("a file where a folder is needed")
    monkeypatch.setenv("INSCAPE_HOME", str(home))
    assert inscape.open(nvidia(small_stylegan2(), tmp_path / "g.pkl"), device="cpu").image_size == 16


def test_the_oldest_entries_go_when_the_cache_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(converted, "_MOST_BYTES", 60_000)
    for index in range(4):
        torch.save(
            rosinality(small_stylegan2()) | {"style.1.bias": torch.full((12,), float(index))},
            tmp_path / "g.pt",
        )
        inscape.open(tmp_path / "g.pt", device="cpu")
    size = sum(file.stat().st_size for file in entries()[0].iterdir())
    assert 1 <= len(entries()) == min(4, 60_000 // size) < 4


def _open(path: str) -> int:
    return inscape.open(path, device="cpu").card.parameters


def test_two_processes_may_open_it_at_once(tmp_path):
    path = nvidia(small_stylegan2(), tmp_path / "church.pkl")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert len(set(pool.map(_open, [str(path)] * 6))) == 1
    assert len(entries()) == 1 and not [entry for entry in entries() if entry.name.startswith(".")]


_PEAK = """
import sys
import inscape
def peak():
    with open("/proc/self/status") as stream:  # getrusage would count what the parent held at the fork
        return next(int(line.split()[1]) for line in stream if line.startswith("VmHWM"))
inscape.open("town", device="cpu")
with open("/proc/self/clear_refs", "w") as stream:
    stream.write("5")  # the peak begins anew
before = peak()
model = inscape.open(sys.argv[1], device="cpu")
kept = sum(value.numel() * value.element_size() for value in model.module.state_dict().values())
print(peak() - before, kept // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc to read the peak from")
@pytest.mark.parametrize("run", ["first", "second"])
def test_memory_holds_the_generator_and_not_the_training_run(tmp_path, run):
    channels = {size: 256 for size in (4, 8, 16, 32)}
    network = small_stylegan2(resolution=32, channels=channels)
    weights = rosinality(network)
    rest = {f"d.{index}": torch.randn(1 << 20) for index in range(40)}  # 160 MB that nobody asks for
    torch.save({"g": weights, "g_ema": weights, "d": rest}, tmp_path / "run.pt")
    if run == "second":
        inscape.open(tmp_path / "run.pt", device="cpu")
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, str(tmp_path / "run.pt")], capture_output=True, text=True, check=True
    )
    grown, kept = map(int, done.stdout.split())
    assert kept > 15_000 and grown < 1.5 * kept + 40_000, (grown, kept)
