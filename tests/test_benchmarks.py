"""Benchmarks run by hand: that they still fit the library is held here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_every_benchmark_can_be_imported_and_has_a_document():
    names = sorted(path.stem for path in BENCHMARKS.glob("[a-z]*.py"))
    code = (
        "import importlib, sys\n"
        f"sys.path.insert(0, {str(BENCHMARKS)!r})\n"
        f"for name in {names!r}:\n"
        "    module = importlib.import_module(name)\n"
        "    assert module.__doc__ and callable(module.main), name\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_an_option_has_the_type_of_its_default():
    code = (
        "from _options import asked\n"
        "print(vars(asked('One.\\nMore.', seconds={'default': 2.0, 'help': 'each'}, few=16, layer=None)))"
    )
    arguments = ["--seconds", "3", "--few", "4", "--layer", "b"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=BENCHMARKS, capture_output=True, text=True
    )
    assert done.stdout.strip() == "{'seconds': 3.0, 'few': 4, 'layer': 'b'}", done.stderr
