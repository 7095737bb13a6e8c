"""What opening a checkpoint of 500 MB costs, the first and the second time, and painting on 256 pixels.

    .venv/bin/python benchmarks/checkpoints.py

Prints one JSON document. Bars: peak memory at most 1.5 times the tensors kept and 150 MB; a stroke on 256
pixels in at most 900 ms (p95, two cores). The networks have random weights: sizes are those of the church
configuration of StyleGAN2 and of the ProGAN of the dissection papers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

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


def church() -> Any:
    """The sizes of LSUN church in StyleGAN2, 256 pixels."""
    from inscape.models.architectures.stylegan2 import StyleGAN2Config

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


def strokes(kind: str, count: int) -> dict[str, Any]:
    """Milliseconds from a stroke to the picture, the whole tail, on a network of 256 pixels."""
    import numpy as np
    import torch

    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.models.architectures.progan import ProGAN, ProGANConfig
    from inscape.models.architectures.stylegan2 import StyleGAN2
    from inscape.models.generator_card import generator_card
    from inscape.painting.session import PaintSession
    from inscape.regions import box

    torch.manual_seed(0)
    progan = ProGANConfig(512, (512, 512, 512, 512, 256, 128, 64))
    network = StyleGAN2(church()) if kind == "stylegan2" else ProGAN(progan)
    network.eval().requires_grad_(False)
    model = Generator(network, generator_card(network, kind, name=kind))
    session, layer = PaintSession(model), model.layer()
    latent = model.sample(0).latent
    assert latent is not None
    session.render(latent, [])
    taken = []
    for index in range(count):
        region = box(16 * (index % 12), 16 * (index % 11), 64, 64)
        edit = UnitEdit(layer.name, tuple(range(20)), values=np.ones(20, np.float32), region=region)
        started = time.perf_counter()
        session.render(latent, [edit])
        taken.append(1000 * (time.perf_counter() - started))
    p50, p95 = np.percentile(taken, (50, 95))
    return {"layer": layer.name, "p50_ms": float(p50), "p95_ms": float(p95)}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--strokes", type=int, default=30)
    arguments = parser.parse_args()
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
