"""How a step is fastest: what is measured decides, and is kept with the run."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from tests.training.small_recipe import RECIPE

from inscape import storage
from inscape.training import _machine
from inscape.training._machine import Measured, Way, measure, ways
from inscape.training.gan import GanOptions, train_gan

CPU = torch.device("cpu")
FLOAT, BFLOAT = Way(1, False), Way(1, True)


class Clock:
    """A clock that lies: a step takes what it is told."""

    def __init__(self, seconds: dict[Way, float]) -> None:
        self.now, self.seconds, self.steps = 0.0, seconds, list[Way]()

    def __call__(self) -> float:
        return self.now

    def step(self, way: Way) -> None:
        self.steps.append(way)
        self.now += self.seconds[way]


@pytest.mark.parametrize(
    ("seconds", "fastest"),
    [
        ({FLOAT: 1.0, BFLOAT: 0.6}, BFLOAT),
        ({FLOAT: 1.0, BFLOAT: 1.4}, FLOAT),
        ({FLOAT: 1.0, BFLOAT: 10.0}, FLOAT),
    ],
)
def test_the_fastest_way_is_taken(seconds: dict[Way, float], fastest: Way) -> None:
    clock = Clock(seconds)
    found = measure(clock.step, [FLOAT, BFLOAT], size=64, device=CPU, clock=clock)
    assert found.way == fastest
    assert found.seconds["1 thread, float32"] == 1.0


def test_a_way_that_is_ten_times_slower_is_tried_once() -> None:
    clock = Clock({FLOAT: 1.0, BFLOAT: 10.0})
    found = measure(clock.step, [FLOAT, BFLOAT], size=64, device=CPU, clock=clock)
    assert clock.steps.count(BFLOAT) == 1 and clock.steps.count(FLOAT) == 3
    assert list(found.seconds) == ["1 thread, float32"]


def test_float32_is_chosen_where_a_processor_has_no_instructions_for_bfloat16() -> None:
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    if not flags or {"avx512_bf16", "amx_bf16"} & set(flags.split()):
        pytest.skip("this processor has instructions for bfloat16, or does not say")
    layers = torch.nn.Sequential(*(torch.nn.Conv2d(64, 64, 3, padding=1) for _ in range(4)))

    def step(way: Way) -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=way.half):
            layers(torch.zeros(4, 64, 32, 32)).sum().backward()

    assert not measure(step, [FLOAT, BFLOAT], size=32, device=CPU).way.half


def test_one_way_alone_is_taken_without_a_step() -> None:
    assert measure(lambda way: pytest.fail(), [BFLOAT], size=8, device=CPU).way == BFLOAT


def test_threads_are_put_back() -> None:
    before, seen = torch.get_num_threads(), []
    measure(lambda way: seen.append(torch.get_num_threads()), ways(CPU), size=8, device=CPU)
    assert torch.get_num_threads() == before
    assert set(seen) == {way.threads for way in ways(CPU)}


def test_the_choice_is_kept_in_the_run_and_measured_again_on_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = itertools.count()

    def counted(*arguments: object, **more: object) -> Measured:
        next(measured)
        return Measured(FLOAT, RECIPE.size, {str(FLOAT): 0.1}, _machine.machine(CPU))

    monkeypatch.setattr(_machine, "measure", counted)

    def run(images: int, again: bool = False) -> int:
        options = GanOptions(images=images, sample_every=0, measure_every=0, measure_machine=again)
        train_gan(RECIPE, tmp_path, 5, options=options, device="cpu")
        return int(repr(measured).split("(")[1].rstrip(")"))

    assert [run(8), run(16)] == [1, 1]
    assert run(24, again=True) == 2
    kept = storage.read_json(tmp_path / "machine.json")
    storage.write_json(tmp_path / "machine.json", {"16": {**kept["16"], "machine": "another"}, "32": 1})
    assert [run(32), run(40)] == [3, 3]
    (tmp_path / "machine.json").write_text("{")
    assert run(48) == 4
