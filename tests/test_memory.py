from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys, torch
from inscape.memory import keep_freed_memory
if "keep" in sys.argv:
    assert keep_freed_memory()
layers = [torch.ones(1, 64, 128, 128) for _ in range(2)]
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        parts = [layer * 2 for layer in layers * 5]
        del parts
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(min(faults() for _ in range(3)))  # once in a while the allocator grows anew
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_freed_memory_is_not_cleared_again_and_again():
    def faults(*words: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    kept, plain = faults("keep"), faults()
    assert plain > 1000
    assert kept < plain / 10


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch):
    from inscape.memory import keep_freed_memory

    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
