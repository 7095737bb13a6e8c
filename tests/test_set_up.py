from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "set_up.py"


@pytest.fixture(scope="module")
def set_up():
    spec = importlib.util.spec_from_file_location("set_up", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(set_up, tmp_path):
    """An environment without packages whose Python is this one."""
    made = set_up.Environment(tmp_path)
    made.python = Path(sys.executable)
    return made


def test_what_pip_does_is_told_in_lines(set_up, environment, capsys, monkeypatch):
    monkeypatch.setattr(set_up, "PATIENCE_SECONDS", 0.01)
    told = set_up._Told(environment)
    waits = iter([False, True])
    monkeypatch.setattr(told.done, "wait", lambda seconds: next(waits))
    told.read("Collecting numpy>=1.26 (from -c constraints.txt)\n")
    told.until_done()
    told.read("Installing collected packages: mpmath, sympy, torch\n")
    (environment.folder / "lib" / "python3" / "site-packages" / "mpmath-1.dist-info").mkdir(parents=True)
    waits = iter([False, True])
    told.until_done()
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["Packages", "collecting numpy>=1.26"],
        ["Packages", "installing 3"],
        ["Packages", "1 of 3 installed"],
    ]


def test_a_package_that_is_not_there_is_named(set_up, environment):
    with pytest.raises(set_up.SetUpError, match=r"(?s)failed:.*no-such-package"):
        environment.install("--no-index", "no-such-package==0")
