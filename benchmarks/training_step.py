"""CPU time of a whole training step against the sum of its bare parts.

    python benchmarks/training_step.py --size 64 > step.json

The parts: the generator forward and backward; the features of real pictures, and of generated ones with the
gradient back to them; the discriminators with both losses and both penalties; the optimizers and the average.
The step is what `inscape train` takes, with the scenes that it reads. Steps and parts take turns in one
process. Prints one JSON document: milliseconds a picture, and the ratio. The memory is the whole process's.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # read when torch is imported; training runs with it

import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from _options import asked
from torch import Tensor
from torch.nn import functional

from inscape.memory import keep_freed_memory
from inscape.pictures import to_tensor
from inscape.training._convolution import gradients_of
from inscape.training._gan_start import first_state, grown_to
from inscape.training._gan_state import GanState
from inscape.training._gan_step import StepGradients, gradient_penalty, step_gradients
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training.recipes import GanRecipe, recipe

Part = Callable[[], object]


def leaves(levels: list[Tensor]) -> list[Tensor]:
    """The same numbers, of which gradients can be taken."""
    return [level.detach().clone().requires_grad_() for level in levels]


class Parts:
    """The bare parts of a step, each on inputs made beforehand."""

    def __init__(self, state: GanState, real: Tensor) -> None:
        self.state, self.real = state, real
        generator = state.networks.generator
        self.z = torch.randn(len(real), generator.config.z_dim)
        self.pictures = self.drawn().detach()
        with torch.no_grad():
            self.levels = [state.networks.adversary.levels(images) for images in (real, self.pictures)]
        self.gradients = step_gradients(state.networks, state.recipe, real, step=0)

    def drawn(self) -> Tensor:
        """Generated pictures."""
        generator = self.state.networks.generator
        w = generator.mapping.single(self.z)[:, None].expand(-1, generator.config.num_ws, -1)
        pictures: Tensor = generator.synthesis(w, noise_mode="none")
        return pictures

    def generator(self) -> object:
        """Forward, and the gradients of all weights."""
        weights = list(self.state.networks.generator.parameters())
        return torch.autograd.grad(self.drawn(), weights, self.pictures, allow_unused=True)

    def features(self) -> object:
        """Of real pictures, and of generated ones with the gradient back to them."""
        adversary = self.state.networks.adversary
        with torch.no_grad():
            adversary.levels(self.real)
        pictures = self.pictures.clone().requires_grad_()
        return torch.autograd.grad(adversary.levels(pictures), [pictures], self.levels[1])

    def discriminators(self) -> object:
        """Both losses, both penalties, and their gradients."""
        judge = self.state.networks.adversary
        real, fake = (leaves(side) for side in self.levels)
        logits = judge(real), judge(fake)
        margins = [one - other for one, other in zip(*logits, strict=True)]
        d_loss = sum(functional.softplus(-margin).mean() for margin in margins)
        g_loss = sum(functional.softplus(margin).mean() for margin in margins)
        with gradients_of("inputs"):
            towards = torch.autograd.grad(g_loss, fake, retain_graph=True)
        penalties = gradient_penalty(logits[0], real) + gradient_penalty(logits[1], fake)
        with gradients_of("weights"):
            weights = list(judge.discriminators.parameters())
            return towards, torch.autograd.grad(d_loss + 10 * penalties, weights)

    def optimizers(self) -> object:
        """One step of each, and the average."""
        return self.state.apply(self.gradients)


def whole(state: GanState, chosen: GanRecipe, scenes: ScenesAhead) -> StepGradients:
    """A step as `inscape train` takes it."""
    picked = np.random.default_rng(state.counters.step).integers(0, scenes.ready, chosen.batch)
    real, step = to_tensor(scenes.pictures(picked)), state.counters.step
    gradients = step_gradients(state.networks, chosen, real, step=step)
    state.apply(gradients)
    return gradients


def milliseconds(part: Part, pictures: int) -> float:
    """CPU time of one run, per picture."""
    started = time.process_time()
    part()
    return (time.process_time() - started) / pictures * 1e3


def main() -> None:
    """Measure and print."""
    options = asked(
        __doc__,
        size=64,
        batch=32,
        repeats=5,
        threads=1,
    )
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    chosen = recipe("town", options.size)
    state = grown_to(first_state(chosen, "scratch", torch.device("cpu")), options.size)
    with tempfile.TemporaryDirectory() as folder:
        scenes = ScenesAhead(Path(folder), world="town", size=options.size, count=250, first_seed=1)
        scenes.draw(250)
        real = to_tensor(scenes.pictures(np.arange(options.batch)))
        state.networks.adversary.mixing.calibrate(state.networks.adversary.features(real))
        parts = Parts(state, real)
        names = ("generator", "features", "discriminators", "optimizers")
        runs: dict[str, Part] = {name: getattr(parts, name) for name in names}
        runs["step"] = lambda: whole(state, chosen, scenes)
        for run in runs.values():
            run()
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(options.repeats):
            for name, run in runs.items():
                times[name].append(milliseconds(run, options.batch))
    least = {name: min(found) for name, found in times.items()}
    middle = {name: statistics.median(found) for name, found in times.items()}
    report = {
        "size": options.size,
        "batch": options.batch,
        "threads": options.threads,
        "milliseconds_a_picture": {name: round(value, 2) for name, value in least.items()},
        "ratio": round(least["step"] / sum(least[name] for name in names), 3),
        "ratio_of_medians": round(middle["step"] / sum(middle[name] for name in names), 3),
        "bar": 1.15,
        "resident_gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
