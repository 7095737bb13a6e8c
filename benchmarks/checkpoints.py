"""What opening a checkpoint of 500 MB costs, the first and the second time, and painting on 256 pixels.

    .venv/bin/python benchmarks/checkpoints.py

Prints one JSON document. Bars: peak memory at most 1.5 times the tensors kept and 150 MB; on 256 pixels and
two cores, a stroke of 64 pixels on the canvas in at most 300 ms (p95), and its picture that of the full tail
but for 1e-5 of its range. The networks have random weights: sizes are those of the church configuration of
StyleGAN2 and of the ProGAN of the dissection papers. Other work on the machine makes times longer but hardly
changes `processor_ratio`, the processor time of a stroke as a fraction of that of the full tail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from _options import asked

if TYPE_CHECKING:
    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.models.architectures.stylegan2 import StyleGAN2Config
    from inscape.types import JsonObject

T = TypeVar("T")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_OPENING = """
import json, sys, time
import inscape
inscape.open("town", device="cpu")
def peak():
    with open("/proc/self/status") as stream:  # getrusage would count what the parent held at the fork
        return next(int(line.split()[1]) for line in stream if line.startswith("VmHWM")) / 1024
with open("/proc/self/clear_refs", "w") as stream:
    stream.write("5")  # the peak begins anew
before, started = peak(), time.perf_counter()
model = inscape.open(sys.argv[1], device="cpu")
seconds = time.perf_counter() - started
kept = sum(value.numel() * value.element_size() for value in model.module.state_dict().values()) / 2**20
print(json.dumps({"seconds": seconds, "kept_mb": kept, "peak_mb": peak() - before}))
"""


def training_run(path: Path, megabytes: int) -> None:
    """A checkpoint of rosinality's trainer: 256 pixels, and the rest of a run around the generator."""
    import torch

    from inscape.models.architectures.stylegan2 import StyleGAN2
    from inscape.models.formats import rosinality

    weights = rosinality.state_dict(StyleGAN2(church()).state_dict())
    held = 2 * sum(value.numel() * value.element_size() for value in weights.values())
    rest = max(1, ((megabytes << 20) - held) >> 22)
    value = {
        "g": {name: tensor.clone() for name, tensor in weights.items()},
        "g_ema": weights,
        "d": {f"{index}.weight": torch.randn(1 << 20) for index in range(rest)},
    }
    torch.save(value, path)


def church() -> StyleGAN2Config:
    """The sizes of LSUN church in StyleGAN2, 256 pixels."""
    from inscape.models.architectures.stylegan2_config import StyleGAN2Config

    channels = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128}
    return StyleGAN2Config(resolution=256, z_dim=512, w_dim=512, mapping_layers=8, channels=channels)


def opening(path: Path, home: Path) -> dict[str, float]:
    """Seconds and megabytes of one opening, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _OPENING, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "INSCAPE_HOME": str(home)},
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def network_of_256(kind: str) -> Generator:
    """A generator of 256 pixels with random weights."""
    import torch

    from inscape.models import Generator
    from inscape.models.architectures.progan import ProGAN, ProGANConfig
    from inscape.models.architectures.stylegan2 import StyleGAN2
    from inscape.models.generator_card import generator_card

    torch.manual_seed(0)
    progan = ProGANConfig(512, (512, 512, 512, 512, 256, 128, 64))
    network = StyleGAN2(church()) if kind == "stylegan2" else ProGAN(progan)
    network.eval().requires_grad_(False)
    return Generator(network, generator_card(network, kind, name=kind))


def brush_strokes(layer: str, count: int) -> list[UnitEdit]:
    """Squares of 64 pixels anywhere in the picture, each with units of its own."""
    import numpy as np

    from inscape.editing import UnitEdit
    from inscape.regions import box

    random, made = np.random.RandomState(0), []
    for _ in range(count):
        x, y = (int(at) for at in random.randint(0, 256 - 64 + 1, 2))
        units = tuple(int(unit) for unit in random.choice(512, 20, replace=False))
        made.append(UnitEdit(layer, units, values=np.ones(20, np.float32), region=box(x, y, 64, 64)))
    return made


def strokes(kind: str, count: int) -> JsonObject:
    """From a stroke on a growing stack to the picture: the full tail, the canvas, and taking it back."""
    import numpy as np

    from inscape.memory import keep_freed_memory
    from inscape.painting import PaintSession

    keep_freed_memory()  # as the studio does when it starts
    model = network_of_256(kind)
    session, layer, latent = PaintSession(model), model.layer().name, model.sample(0).latent
    assert latent is not None
    edits = brush_strokes(layer, count)
    session.render(latent)
    session.render(latent, exact=False)
    full, local, undo, levels = [], [], [], 0
    for done in range(1, count + 1):
        exact, taken = timed(lambda done=done: session.render(latent, edits[:done]))
        full.append(taken)
        shown, taken = timed(lambda done=done: session.render(latent, edits[:done], exact=False))
        local.append(taken)
        levels = max(levels, int(np.abs(shown.astype(int) - exact).max()))
    for done in reversed(range(count)):
        undo.append(timed(lambda done=done: session.render(latent, edits[:done], exact=False))[1])
    return {
        "layer": layer,
        "full": percentiles(full),
        "local": percentiles(local),
        "undo": percentiles(undo),
        "processor_ratio": float(np.median(local, axis=0)[1] / np.median(full, axis=0)[1]),
        "largest_difference": largest_difference(model, edits[:10]),
        "largest_grey_levels": levels,
    }


def largest_difference(model: Generator, edits: list[UnitEdit]) -> float:
    """Between a picture drawn locally and the full tail, as a fraction of the picture's range."""
    from dataclasses import replace

    state = model.run_until(model.to_w(model.latents([0])), edits[0].layer)
    tail, features, worst = model.tail(state), state.features, 0.0
    assert tail is not None
    for edit in edits:
        features = edit.transform(features, model.image_size)
        expected = model.resume(replace(state, features=features))
        away = (tail.draw(features) - expected).abs().max() / (expected.max() - expected.min())
        worst = max(worst, float(away))
    return worst


def timed(work: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    """What a function returns, and the milliseconds that passed and that the processors worked."""
    passed, worked = time.perf_counter(), time.process_time()
    result = work()
    return result, (1000 * (time.perf_counter() - passed), 1000 * (time.process_time() - worked))


def percentiles(taken: list[tuple[float, float]]) -> dict[str, float]:
    """Of the milliseconds that passed."""
    import numpy as np

    p50, p95 = np.percentile([passed for passed, _ in taken], (50, 95))
    return {"p50_ms": float(p50), "p95_ms": float(p95)}


def main() -> None:
    """Run the benchmark."""
    arguments = asked(
        __doc__,
        megabytes=500,
        strokes=60,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "550000.pt"
        training_run(path, arguments.megabytes)
        first, second = (opening(path, Path(folder) / "home") for _ in range(2))
        size = path.stat().st_size / 2**20
    document = {
        "file_mb": size,
        "first": first | {"allowed_mb": 1.5 * first["kept_mb"] + 150},
        "second": second | {"allowed_mb": 1.5 * second["kept_mb"] + 150},
        "second_to_first": second["seconds"] / first["seconds"],
        "strokes": {kind: strokes(kind, arguments.strokes) for kind in ("stylegan2", "progan")},
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
