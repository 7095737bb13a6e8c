"""Ship the best so far: `python scripts/ship_model.py RUN [NAME]`.

Writes the zoo's model, and what training goes on from. The report of the model that was there before no
longer fits and goes with it: run `scripts/ship_report.py` next.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from inscape.training.export import export_generator

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Export a run of training a generator."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder that `inscape train` wrote")
    parser.add_argument("name", nargs="?", default="town")
    parser.add_argument("--size", type=int, default=64, help="height and width of its pictures")
    arguments = parser.parse_args()
    exported = export_generator(
        arguments.run,
        ROOT / "src" / "inscape" / "models" / "zoo" / arguments.name,
        kept=ROOT / "checkpoints" / arguments.name / f"training-{arguments.size}.safetensors",
        distances=arguments.run / "distance.jsonl",
    )
    print(f"{exported.model}: half precision changes pixels by at most {exported.grey_levels} grey levels")


if __name__ == "__main__":
    main()
