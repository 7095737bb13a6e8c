"""Hostile files: none runs code, none takes long or much, each ends in one sentence that names it."""

from __future__ import annotations

import io
import os
import pickle
import random
import re
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from inscape.errors import FormatError
from inscape.storage import PickleLimits, read_pickle
from models.foreign import nvidia, small_stylegan2

COMMAND = b"touch ran"
SYSTEM, EVAL = b"cos\nsystem\n", b"cbuiltins\neval\n"
TEXT = b"X" + struct.pack("<I", len(COMMAND)) + COMMAND
NUMPY = b"cnumpy\nndarray\n"
ORDERED = b"ccollections\nOrderedDict\n"
STORAGE = b"ctorch.storage\n_load_from_bytes\n"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"


def stacked(module: bytes, name: bytes) -> bytes:
    """STACK_GLOBAL."""
    return b"".join(b"\x8c" + bytes([len(text)]) + text for text in (module, name)) + b"\x93"


def legacy_storage(numel: int, size: int) -> bytes:
    """A storage of `torch.save`'s older form that says that it has `numel` values."""
    stream = io.BytesIO()
    torch.save(torch.zeros(size).untyped_storage(), stream, _use_new_zipfile_serialization=False)
    return stream.getvalue().replace(struct.pack("<q", size * 4), struct.pack("<q", numel))


def as_bytes(content: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(content)) + content


CALLS = {
    "reduce": SYSTEM + b"(" + TEXT + b"tR.",
    "reduce, name on the stack": stacked(b"os", b"system") + b"(" + TEXT + b"tR.",
    "reduce of eval": EVAL + b"(" + TEXT + b"tR.",
    "instance": b"(" + TEXT + b"ios\nsystem\n.",
    "object": b"(" + SYSTEM + TEXT + b"o.",
    "new object": SYSTEM + b"(" + TEXT + b"t\x81.",
    "new object with names": SYSTEM + b"(" + TEXT + b"t}\x92.",
    "new object of a known name": NUMPY + b"(" + TEXT + b"t\x81.",
    "a poisoned state": ORDERED + b")R}X\x0c\x00\x00\x00__setstate__" + SYSTEM + b"sb.",
    "a state for a name": ORDERED + b"}X\x01\x00\x00\x00aNsb.",
    "a state for a list": b"]}b.",
    "extension of one byte": b"\x82\x01.",
    "extension of two bytes": b"\x83\x01\x00.",
    "extension of four bytes": b"\x84\x01\x00\x00\x00.",
    "persistent text": b"Pos.system\n.",
    "persistent object": b"(" + TEXT + b"tQ.",
    "an out of band buffer": b"\x97.",
    "a read-only buffer": b"]\x98.",
    "exec": b"cbuiltins\nexec\n(" + TEXT + b"tR.",
    "getattr": b"cbuiltins\ngetattr\n(" + TEXT + b"tR.",
    "an import": b"cbuiltins\n__import__\n(" + TEXT + b"tR.",
    "python 2's eval": b"c__builtin__\neval\n(" + TEXT + b"tR.",
    "posix": b"cposix\nsystem\n(" + TEXT + b"tR.",
    "a process": b"csubprocess\nPopen\n(" + TEXT + b"tR.",
    "a dotted name": stacked(b"collections", b"OrderedDict.__init__") + b")R.",
    "a name within a module": stacked(b"torch", b"serialization.load") + b")R.",
    "torch.load": b"ctorch\nload\n(" + TEXT + b"tR.",
    "torch.hub": b"ctorch.hub\nload\n(" + TEXT + b"tR.",
    "numpy.load": b"cnumpy\nload\n(" + TEXT + b"tR.",
    "pickle.loads": b"cpickle\nloads\n(" + TEXT + b"tR.",
    "a partial": b"cfunctools\npartial\n(" + SYSTEM + TEXT + b"tR.",
    "a code object": b"ctypes\nCodeType\n)R.",
    "a lookup": b"coperator\nattrgetter\n(" + TEXT + b"tR.",
    "copyreg": b"ccopyreg\n_reconstructor\n(" + SYSTEM + b"c__builtin__\nobject\nNtR.",
    "a module of torch": b"ctorch.nn.modules.linear\nLinear\n)\x81.",
    "an unknown codec": b"c_codecs\nencode\n(" + TEXT + b"X\x03\x00\x00\x00hextR.",
    "an object dtype": b"cnumpy\ndtype\n(X\x01\x00\x00\x00OtR.",
    "a long dtype": b"cnumpy\ndtype\n(X\x08\x00\x00\x00U9999999tR.",
    "a nested dtype": b"cnumpy\ndtype\n(X\x05\x00\x00\x00O8,O8tR.",
}
BROKEN = {
    "empty": b"",
    "text": b"hello, I am no checkpoint\n",
    "nothing on the stack": b".",
    "a mark alone": b"(.",
    "no mark": b"t.",
    "a memo that is not there": b"h\x07.",
    "a memo place of 4 billion": b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff.",
    "text of 4 GB": b"\x8d" + struct.pack("<Q", 4 << 30) + b"x.",
    "bytes of 4 GB": b"\x8e" + struct.pack("<Q", 4 << 30) + b"x.",
    "bytes of 2^63": b"\x8e" + struct.pack("<Q", 1 << 63) + b"x.",
    "an array of 4 GB": b"\x96" + struct.pack("<Q", 4 << 30) + b"x.",
    "a number of 2 GB": b"\x8b" + struct.pack("<i", (2 << 30) - 1) + b"\x01.",
    "a number below no length": b"\x8b" + struct.pack("<i", -1) + b"\x01.",
    "a number of 5000 digits": b"L" + b"9" * 5000 + b"L\n.",
    "a line without an end": b"I" + b"1" * 100_000,
    "a list as a key": b"}]Ns.",
    "a dictionary of three": b"(NNNd.",
    "half a pair": b"}(Nu.",
    "a list that is none": b"}(Ne.",
    "a set of lists": b"\x8f(]\x90.",
    "a tensor of no storage": TENSOR + b"(NK\x00)))tR.",
    "a tensor of too few parts": TENSOR + b")R.",
    "a record of a list": b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n(]tR.",
    "a record of nothing": b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n(}tR.",
    "a storage of nothing": STORAGE + b"(" + as_bytes(b"") + b"tR.",
    "a storage of noise": STORAGE + b"(" + as_bytes(bytes(range(256))) + b"tR.",
    "a storage that says 2^40": STORAGE + b"(" + as_bytes(legacy_storage(1 << 40, 4)) + b"tR.",
    "a storage in a storage": STORAGE + b"(" + as_bytes(STORAGE + b"(" + as_bytes(b"N.") + b"tR.") + b"tR.",
    "an archive of nothing": b"PK\x03\x04" + bytes(40),
    "an archive's end": b"PK\x05\x06" + bytes(18),
    "safetensors": struct.pack("<Q", 2) + b"{}",
}


def refused(path: Path) -> str:
    """The one sentence that a file ends in."""
    with pytest.raises(FormatError) as caught:
        read_pickle(path)
    assert caught.value.detail.startswith(f"{path} cannot be read: ") and "\n" not in caught.value.detail
    return caught.value.detail


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path, monkeypatch):
    """Whatever a file asks for, no command runs and no file is written."""
    monkeypatch.chdir(tmp_path)
    ran = []
    monkeypatch.setattr(os, "system", ran.append)
    yield
    assert ran == [] and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_called(tmp_path, name):
    path = tmp_path / "x.pkl"
    path.write_bytes(b"\x80\x04" + CALLS[name])
    assert re.search("not read from files|outside of it|holds numbers|damaged", refused(path))


@pytest.mark.parametrize("name", ["reduce", "object", "new object", "a poisoned state"])
def test_nothing_is_called_inside_of_archives(tmp_path, name):
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", CALLS[name])
    refused(path)
    inner = path.read_bytes()
    path.write_bytes(b"\x80\x04" + STORAGE + b"(" + as_bytes(inner) + b"tR.")
    refused(path)


def test_the_state_of_a_dictionary_stays_data(tmp_path):
    """Python's reader would make these the dictionary's own attributes."""
    state = {"items": 1, "__class__": 2, "__setstate__": 3}
    (tmp_path / "x.pkl").write_bytes(ORDERED + b")R" + pickle.dumps(state, 2)[2:-1] + b"b.")
    value = read_pickle(tmp_path / "x.pkl").value
    assert value.attributes == state and list(value.items()) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_said(tmp_path, name):
    path = tmp_path / "x.pkl"
    path.write_bytes(BROKEN[name])
    if name == "a memo place of 4 billion":
        assert read_pickle(path).value is None
    else:
        refused(path)


def test_a_folder_and_a_file_that_is_not_there(tmp_path):
    refused(tmp_path)
    refused(tmp_path / "none.pkl")


def saved(value: object, *, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


VALUE = OrderedDict(
    weight=torch.arange(24.0).reshape(2, 3, 4), count=torch.tensor(7), half=torch.ones(5).half()
)


@pytest.mark.parametrize("legacy", [False, True])
def test_what_torch_saves_is_read_as_views_of_the_file(tmp_path, legacy):
    turned = VALUE["weight"].transpose(0, 2)
    shared = {**VALUE, "turned": turned, "set": {1, 2}, "size": turned.shape, "none": None}
    (tmp_path / "x.pt").write_bytes(saved(shared, legacy=legacy))
    read = read_pickle(tmp_path / "x.pt")
    assert read.container == ("torch-legacy" if legacy else "torch")
    for name in (*VALUE, "turned"):
        assert torch.equal(read.value[name], shared[name]) and read.value[name].dtype == shared[name].dtype
    assert (
        read.value["turned"].untyped_storage().data_ptr() == read.value["weight"].untyped_storage().data_ptr()
    )
    assert read.value["set"] == {1, 2} and tuple(read.value["size"]) == (4, 3, 2)
    read.value["weight"].zero_()
    assert torch.equal(read_pickle(tmp_path / "x.pt").value["weight"], VALUE["weight"])


def test_numbers_and_arrays_of_numpy_are_read(tmp_path):
    value = {"scalar": np.float64(0.25), "whole": np.int32(7), "array": np.arange(6.0).reshape(2, 3)}
    for protocol in (2, 3, 4):
        (tmp_path / "x.pkl").write_bytes(pickle.dumps(value, protocol))
        read = read_pickle(tmp_path / "x.pkl").value
        assert (read["scalar"], read["whole"]) == (0.25, 7)
        assert np.array_equal(read["array"].value, value["array"])


def whole_files(tmp_path: Path) -> dict[str, bytes]:
    pickled = nvidia(small_stylegan2(resolution=8, channels={4: 3, 8: 2}), tmp_path / "g.pkl").read_bytes()
    return {"pickle": pickled, "torch": saved(VALUE), "legacy": saved(VALUE, legacy=True)}


@pytest.mark.parametrize("kind", ["pickle", "torch", "legacy"])
def test_a_file_that_ends_too_early_is_refused_wherever_it_ends(tmp_path, kind):
    whole, path = whole_files(tmp_path)[kind], tmp_path / "x.pt"
    for percent in range(100):
        path.write_bytes(whole[: len(whole) * percent // 100])
        refused(path)


@pytest.mark.parametrize("kind", ["pickle", "torch", "legacy"])
def test_flipped_bits_give_an_error_of_ours_or_other_numbers(tmp_path, kind):
    whole, path, chance = whole_files(tmp_path)[kind], tmp_path / "x.pt", random.Random(4)
    opened = 0
    for _ in range(300):
        flipped = bytearray(whole)
        for _ in range(chance.choice((1, 1, 8))):
            flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            read_pickle(path)
            opened += 1
        except FormatError as error:
            assert str(path) in error.detail
    assert opened < 300
    if kind == "torch":
        assert opened < 150  # an archive knows the sums of its parts; what lies between them is not read


def archive(path: Path, content: bytes, change, **options) -> Path:
    """An archive of `torch.save`, each entry as `change` makes it: (name, data) or None."""
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(path, "w", **options) as new:
        for entry in old.infolist():
            for name, data in change(entry.filename, old.read(entry)):
                new.writestr(name, data)
    return path


def _link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("archive/link")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


ARCHIVES = {
    "a storage that is missing": lambda name, data: [] if name.endswith("data/0") else [(name, data)],
    "a storage that is short": lambda name, data: [(name, data[:-4] if name.endswith("data/0") else data)],
    "no pickle": lambda name, data: [] if name.endswith("data.pkl") else [(name, data)],
    "two pickles": lambda name, data: [(name, data), (f"b/{name}", data)],
    "the highest byte first": lambda name, data: [(name, b"big" if name.endswith("byteorder") else data)],
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_are_not_whole_are_refused(tmp_path, name):
    refused(archive(tmp_path / "x.pt", saved(VALUE), ARCHIVES[name]))


def test_a_compressed_archive_is_not_unpacked(tmp_path):
    bomb = saved({"weight": torch.zeros(1 << 24)})
    path = archive(tmp_path / "x.pt", bomb, lambda *one: [one], compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    assert "compressed" in refused(path)


def test_paths_and_links_in_archives_lead_nowhere(tmp_path):
    before = set(tmp_path.parent.iterdir())
    more = [("../../escaped", b"x"), ("/tmp/../escaped", b"x"), (_link(), b"/etc/passwd")]
    path = archive(
        tmp_path / "x.pt", saved(VALUE), lambda name, data: [(name, data), *(more if "pkl" in name else [])]
    )
    assert torch.equal(read_pickle(path).value["weight"], VALUE["weight"])
    assert set(tmp_path.parent.iterdir()) == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (25,), (1,)),
        (24, (1,), (1,)),
        (-1, (1,), (1,)),
        (0, (-2,), (1,)),
        (0, (2,), (-1,)),
        (0, (2, 2), (1,)),
        (0, (1 << 40,), (0,)),
        (0, (3, 3), (11, 3)),
        (0, (1,) * 20, (1,) * 20),
        (0, (2.5,), (1,)),
        (True, (1,), (1,)),
    ],
)
def test_a_tensor_stays_within_its_data(tmp_path, offset, size, stride):
    class Tensor:
        def __reduce__(self):
            storage = torch.arange(24.0)._typed_storage()
            return torch._utils._rebuild_tensor_v2, (storage, offset, size, stride, False, OrderedDict())

    (tmp_path / "x.pkl").write_bytes(pickle.dumps(Tensor(), 4))
    refused(tmp_path / "x.pkl")


def test_modules_that_lie_too_deep_and_in_themselves_are_refused(tmp_path):
    path = nvidia(small_stylegan2(), tmp_path / "g.pkl")
    record = read_pickle(path).value["G_ema"]
    record.state["_modules"]["again"] = record
    for walk in (record.tensors, record.modules):
        with pytest.raises(FormatError, match="too deep"):
            walk()


def test_a_value_in_itself_and_lists_in_lists_are_read(tmp_path):
    (tmp_path / "x.pkl").write_bytes(b"]q\x00h\x00a.")
    value = read_pickle(tmp_path / "x.pkl").value
    assert value[0] is value
    (tmp_path / "x.pkl").write_bytes(b"]" * 50_000 + b"a" * 49_999 + b".")
    assert len(read_pickle(tmp_path / "x.pkl").value) == 1


def test_limits_hold(tmp_path):
    path = tmp_path / "x.pkl"
    path.write_bytes(b"N0" * 600 + b"N.")
    assert read_pickle(path).value is None
    with pytest.raises(FormatError, match="too many operations"):
        read_pickle(path, PickleLimits(operations=1000))
    with pytest.raises(FormatError, match="larger than 10 bytes"):
        read_pickle(path, PickleLimits(bytes=10))
    archive(path, saved(VALUE), lambda *one: [one])
    with pytest.raises(FormatError, match="more than 2 files"):
        read_pickle(path, PickleLimits(entries=2))
