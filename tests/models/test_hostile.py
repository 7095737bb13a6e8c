"""Two hundred hostile files: nothing runs, nothing is imported, and memory stays under a gigabyte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hostile import files
from inscape import storage
from inscape.errors import FormatError

SOURCE = Path(storage.__file__).parents[2]
_OPENING = """
import pathlib, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30))
import inscape
from inscape.errors import InscapeError
opened = inscape.open("town", device="cpu")  # what opening needs is imported now
for warm in sorted(pathlib.Path(sys.argv[1]).glob("warm*")):
    try:
        inscape.open(warm, device="cpu")
    except InscapeError:
        pass
heard = []
watching = False
def hear(event, arguments):
    if watching and (event in ("import", "exec", "compile", "subprocess.Popen", "socket.connect")
                     or event in ("os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes.dlopen")):
        heard.append((event, str(arguments[0])))
sys.addaudithook(hear)
def inside_ours(event):
    known = {"numpy", "torch", "timm", "torchvision", "inscape", *sys.builtin_module_names}
    return event[0] == "import" and event[1].split(".")[0] in known
for path in sorted(pathlib.Path(sys.argv[1]).glob("hostile*")):
    before = set(sys.modules)
    watching = True
    try:
        inscape.open(path, device="cpu")
    except InscapeError as error:
        assert str(error) and "\\n" not in error.detail, (path, str(error))
    else:
        raise SystemExit(f"{path} was opened")
    finally:
        watching = False
    assert set(sys.modules) == before, (path, set(sys.modules) - before)
print([event for event in heard if not inside_ours(event)])
with open("/proc/self/status") as stream:
    print(next(int(line.split()[1]) for line in stream if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read the peak of memory from")
def test_two_hundred_hostile_files_run_nothing_and_take_little(tmp_path):
    made = dict(files())
    assert len(made) >= 200
    for number, (name, content) in enumerate(made.items()):
        (tmp_path / f"hostile{number:03} {name.replace('/', ' ')}").write_bytes(content)
    for name in ("an object dtype, alone", "reduce, in an archive"):
        (tmp_path / f"warm {name}").write_bytes(made[name])
    done = subprocess.run(
        [sys.executable, "-c", _OPENING, str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"INSCAPE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    heard, peak = done.stdout.split("\n")[:2]
    assert heard == "[]" and int(peak) < 1_000_000
    assert not (tmp_path / "ran").exists()


def test_a_placeholder_holds_no_code_and_cannot_be_called(tmp_path):
    (tmp_path / "x.pkl").write_bytes(b"]cevil\nThing\n)\x81}X\x01\x00\x00\x00aK\x01sba.")
    (made,) = storage.read_pickle(tmp_path / "x.pkl").value
    assert isinstance(made, storage.Placeholder) and not callable(made)
    assert (made.module, made.name, made.state, made.entries) == ("evil", "Thing", {"a": 1}, None)
    with pytest.raises(AttributeError):
        made.__dict__["anything"] = 1
    assert "evil" not in sys.modules


def test_a_name_that_runs_commands_ends_the_reading_wherever_it_stands(tmp_path):
    (tmp_path / "x.pkl").write_bytes(b"}X\x01\x00\x00\x00acos\nsystem\ns.")
    with pytest.raises(FormatError, match="names os.system, which is not read from files"):
        storage.read_pickle(tmp_path / "x.pkl")
