"""Train a second segmenter apart: `python scripts/train_judge.py --size 64 --minutes 8 --out RUN`.

Its weights begin elsewhere, its layers are narrower, and it never sees a scene that the shipped one saw. It
judges generators beside the shipped segmenter (`benchmarks/generator.py --judge`), in labels and in features
that no training uses. It is kept in `checkpoints/`, and does not ship.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from inscape.progress import TerminalProgress
from inscape.training.segmenter import SegmenterOptions, train_segmenter

ROOT = Path(__file__).parent.parent
FIRST_SEED = 150_000_000
CHANNELS = (16, 40, 80, 160)


def main() -> None:
    """Train, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--world", default="town")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--scenes", type=int, default=12_000)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    arguments = parser.parse_args()
    options = SegmenterOptions(
        seed=1, size=arguments.size, channels=CHANNELS, first_seed=FIRST_SEED, scenes=arguments.scenes
    )
    progress = TerminalProgress()
    found = train_segmenter(
        arguments.world, arguments.minutes, arguments.out, options=options, progress=progress
    )
    kept = ROOT / "checkpoints" / f"{arguments.world}-judge-{arguments.size}"
    kept.mkdir(parents=True, exist_ok=True)
    for name in ("card.json", "weights.safetensors"):
        shutil.copy(arguments.out / name, kept / name)
    print(f"{kept}: {found.scores}")


if __name__ == "__main__":
    main()
