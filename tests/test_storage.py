from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch

from inscape import storage
from inscape.errors import FormatError, StorageError


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path):
    storage.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(KeyboardInterrupt), storage.atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert (tmp_path / "a.txt").read_text() == "old"
    assert leftovers(tmp_path) == ["a.txt"]


def test_an_interrupted_folder_leaves_the_old_one(tmp_path):
    with storage.atomic_folder(tmp_path / "report") as temporary:
        (temporary / "one").write_text("1")
    with pytest.raises(ValueError, match="stop"), storage.atomic_folder(tmp_path / "report") as temporary:
        (temporary / "two").write_text("2")
        raise ValueError("stop")
    assert leftovers(tmp_path / "report") == ["one"]
    with storage.atomic_folder(tmp_path / "report") as temporary:
        (temporary / "three").write_text("3")
    assert leftovers(tmp_path / "report") == ["three"]
    assert leftovers(tmp_path) == ["report"]


def test_a_full_disk_is_one_sentence(tmp_path):
    with (
        pytest.raises(StorageError, match="The disk that holds .* is full. Free some space"),
        storage.atomic_path(tmp_path / "a"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_in_the_way_of_a_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        storage.write_text(tmp_path / "file" / "a.txt", "x")


def test_content_keys_tell_parts_apart():
    keys = {storage.content_key(*parts) for parts in (("ab", "c"), ("a", "bc"), (b"ab", "c"), ("ab", "c", 1))}
    assert len(keys) == 4


def test_tensors_come_back_with_their_text(tmp_path):
    saved = {"a": torch.arange(6).reshape(2, 3).T, "b": torch.randn(4).half()}
    path = storage.save_tensors(tmp_path / "t.safetensors", saved, {"why": "test"})
    loaded, text = storage.load_tensors(path)
    assert text == {"why": "test"}
    assert all(
        torch.equal(loaded[name], saved[name]) and loaded[name].dtype == saved[name].dtype for name in saved
    )


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated_tensors_are_one_sentence(tmp_path, share):
    path = storage.save_tensors(tmp_path / "t.safetensors", {"a": torch.randn(100)})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(FormatError, match="is not a whole safetensors file"):
        storage.load_tensors(path)


def test_the_data_folder_follows_the_environment(home):
    assert storage.home() == home
    assert storage.cache_folder() == home / "cache"


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_text_is_read_as_any_editor_saves_it(tmp_path, start, end):
    (tmp_path / "card.json").write_bytes(start + b'{"name":' + end + '"café"}'.encode() + end)
    assert storage.read_text(tmp_path / "card.json") == '{"name":\n"café"}\n'
    assert storage.read_json(tmp_path / "card.json") == {"name": "café"}


def test_text_in_another_encoding_says_what_to_do(tmp_path):
    (tmp_path / "card.json").write_bytes('{"name": "café"}'.encode("utf-16"))
    with pytest.raises(FormatError, match=r"not text in UTF-8.*Save it again with the encoding UTF-8"):
        storage.read_json(tmp_path / "card.json")


def test_nan_is_never_written_as_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        storage.write_json(tmp_path / "a.json", {"x": float("nan")})
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_a_folder_is_no_file_to_write(name):
    with pytest.raises(StorageError, match="is a folder"):
        storage.write_text(name, "x")


def test_a_folder_behind_a_link_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for text in ("one", "two"):
        with storage.atomic_folder(tmp_path / "link") as folder:
            (folder / text).write_text(text)
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["two"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_what_cannot_be_written_is_told_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        storage.check_writable(tmp_path / "file" / "deep" / "report")
    storage.check_writable(tmp_path / "new" / "deep" / "report")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(StorageError, match="permission denied"):
        storage.check_writable(tmp_path / "new")
