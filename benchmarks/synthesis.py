"""CPU time of a StyleGAN2's synthesis, forward and backward, against the same ops taken one by one.

The gradient of every parameter, given a gradient of the pictures: what a step of training asks for. Float32,
one thread, the sizes of the recipe "town". The plain form is `tests/reference/plain_synthesis.py`. Both take
turns in one process, so that they meet the same neighbours; ratios of minima and of medians are printed.

    python benchmarks/synthesis.py > synthesis.json
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # read when torch is imported; training runs with it

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from _options import asked

from inscape.memory import keep_freed_memory
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.training._gan_state import generator_config
from inscape.training.recipes import recipe
from inscape.types import JsonObject
from reference import plain_synthesis

BATCHES = {64: 32, 128: 16}
BAR = 0.78


def gradients(network: StyleGAN2, pictures: Tensor, towards: Tensor) -> list[Tensor | None]:
    """Of every parameter."""
    return list(torch.autograd.grad(pictures, list(network.parameters()), towards, allow_unused=True))


def forms(network: StyleGAN2, z: Tensor, towards: Tensor) -> dict[str, Callable[[], list[Tensor | None]]]:
    """Forward and backward pass in both forms; each gives the picture and the gradients."""

    def latents() -> Tensor:
        return network.mapping.single(z)[:, None].expand(-1, network.config.num_ws, -1)

    def run(draw: Callable[[Tensor], Tensor]) -> list[Tensor | None]:
        pictures = draw(latents())
        return [pictures.detach(), *gradients(network, pictures, towards)]

    return {
        "plain": lambda: run(lambda w: plain_synthesis.synthesis(network.synthesis, w, {})),
        "fused": lambda: run(lambda w: network.synthesis(w, noise_mode="none")),
    }


def largest_difference(one: list[Tensor | None], other: list[Tensor | None]) -> float:
    """Over all tensors, the norm of the difference in terms of the norm."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return max(float((a - b).norm() / a.norm().clamp_min(1e-30)) for a, b in pairs)


def measure(size: int, batch: int, repeats: int) -> JsonObject:
    """Both forms, by turns."""
    torch.manual_seed(0)
    network = StyleGAN2(generator_config(recipe("town", size), size)).train()
    work = forms(network, torch.randn(batch, network.config.z_dim), torch.randn(batch, 3, size, size))
    first = {name: run() for name, run in work.items()}
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, run in work.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    least = {name: min(each) for name, each in seconds.items()}
    middle = {name: statistics.median(each) for name, each in seconds.items()}
    return {
        "batch": batch,
        "repeats": repeats,
        "milliseconds_a_picture": {name: round(1e3 * each / batch, 2) for name, each in least.items()},
        "ratio_of_minima": round(least["fused"] / least["plain"], 3),
        "ratio_of_medians": round(middle["fused"] / middle["plain"], 3),
        "largest_relative_difference": float(f"{largest_difference(*first.values()):.2g}"),
    }


def main() -> None:
    """Measure and print."""
    options = asked(
        __doc__,
        sizes=dict(type=int, nargs="+", default=list(BATCHES), choices=list(BATCHES)),
        repeats=7,
    )
    torch.set_num_threads(1)
    keep_freed_memory()
    found = {size: measure(size, BATCHES[size], options.repeats) for size in options.sizes}
    print(json.dumps({"bar": BAR, "torch": torch.__version__, "sizes": found}, indent=1))


if __name__ == "__main__":
    main()
