"""How fast a training step is on this machine: with one thread or two, in float32 or in bfloat16.

Processors without instructions for bfloat16 compute with it ten times slower, and what calls itself two cores
may be two threads of one. So a run measures a few steps of its own, and keeps the fastest way to take them.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from inscape import storage
from inscape.errors import FormatError
from inscape.progress import Progress, SilentProgress
from inscape.types import JsonObject

KEPT = "machine.json"
_TIMED = 2
_HOPELESS = 2.0
"""A way whose first step takes so many times as long as the fastest is not measured further."""


@dataclass(frozen=True)
class Way:
    """One way to take a step.

    Attributes:
        threads: That torch shares an operation among.
        half: Whether generator and features run in bfloat16.
    """

    threads: int
    half: bool

    def __str__(self) -> str:
        number = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{number}, {'bfloat16' if self.half else 'float32'}"


@dataclass(frozen=True)
class Measured:
    """What was measured, and where.

    Attributes:
        way: The fastest.
        size: Height and width of the pictures of the measured steps.
        seconds: A step's time, by the text of its way; the ways that were given up are missing.
        machine: Processor, device and version of torch.
    """

    way: Way
    size: int
    seconds: dict[str, float]
    machine: str

    def write(self, path: Path) -> None:
        """Write it as JSON, beside what was measured for other sizes."""
        storage.write_json(path, {**_kept(path), str(self.size): asdict(self)})

    @classmethod
    def read(cls, path: Path, size: int, machine: str) -> Measured | None:
        """Read what `write` wrote; None where nothing fits, or the file is missing or damaged."""
        try:
            value = _kept(path)[str(size)]
            way = Way(int(value["way"]["threads"]), bool(value["way"]["half"]))
            found = cls(way, int(value["size"]), dict(value["seconds"]), str(value["machine"]))
        except (KeyError, TypeError, ValueError):
            return None
        return found if found.machine == machine else None


def _kept(path: Path) -> JsonObject:
    try:
        value = storage.read_json(path)
    except FormatError:
        return {}
    return value if isinstance(value, dict) else {}


def ways(device: torch.device) -> list[Way]:
    """What is worth trying on a device, the safest first."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = sorted({1, min(2, cores), cores}) if device.type == "cpu" else [torch.get_num_threads()]
    return [Way(number, half) for half in (False, True) for number in threads]


def machine(device: torch.device) -> str:
    """What the choice depends on besides the run: processor, number of cores, device, torch."""
    name = platform.processor() or platform.machine()
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        lines = cpu_info.read_text(errors="replace").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return f"{name}, {os.cpu_count()} processors, {where}, torch {torch.__version__}"


def fastest(
    step: Callable[[Way], None],
    folder: Path,
    *,
    size: int,
    device: torch.device,
    again: bool = False,
    progress: Progress | None = None,
) -> Way:
    """The fastest way for a run: what its folder says, or what a measurement finds, which the folder keeps.

    Args:
        step: Takes one step, which changes nothing.
        folder: Of the run.
        size: Height and width of its pictures.
        device: The device.
        again: Whether to measure although the folder knows.
        progress: Told while steps are measured.
    """
    path = folder / KEPT
    known = None if again else Measured.read(path, size, machine(device))
    if known is None:
        candidates = ways(device)
        with (progress or SilentProgress()).task("Measuring the fastest settings", len(candidates)):
            known = measure(step, candidates, size=size, device=device)
        known.write(path)
    return known.way


def measure(
    step: Callable[[Way], None],
    candidates: Sequence[Way],
    *,
    size: int,
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
) -> Measured:
    """Take a few steps in every way; none where there is one way only.

    Args:
        step: Takes one step, which changes nothing.
        candidates: The ways to compare.
        size: Of the pictures, for the record.
        device: Where the steps run.
        clock: Tells the time in seconds.
    """
    if len(candidates) == 1:
        return Measured(candidates[0], size, {}, machine(device))
    seconds: dict[Way, float] = {}
    for way in candidates:
        fastest = min(seconds.values(), default=float("inf"))
        with taken(way):
            first = _time(step, way, clock)  # also warms up
            if first > _HOPELESS * fastest:
                continue
            seconds[way] = min(_time(step, way, clock) for _ in range(_TIMED))
    best = min(seconds, key=seconds.__getitem__)
    figures = {str(way): round(value, 4) for way, value in seconds.items()}
    return Measured(best, size, figures, machine(device))


def _time(step: Callable[[Way], None], way: Way, clock: Callable[[], float]) -> float:
    started = clock()
    step(way)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - started


@contextmanager
def taken(way: Way) -> Iterator[None]:
    """Let torch use the threads of a way; the caller's own setting is put back afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(way.threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
