"""Dissect the default layer of a shipped model and put the report beside its weights.

    .venv/bin/python scripts/ship_report.py town --images 2000

To be run again whenever the model's weights change: the brushes of the studio come from this report.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from inscape.dissection import Thumbnails, dissect
from inscape.errors import InscapeError
from inscape.models import Generator, folder_of, open_model
from inscape.progress import TerminalProgress

LIMIT = 4_000_000
STEPS = ((8, 96, 80), (6, 96, 78), (5, 88, 70), (4, 72, 60), (3, 64, 50))
"""Pictures per unit, their size in pixels and the quality, from the best; the first that fits is kept."""


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", default="town")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--layer", help="the model's default layer unless given")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    try:
        ship(arguments.model, arguments.layer, arguments.images, arguments.device)
    except InscapeError as error:
        sys.stderr.write(f"ship_report: {error}\n")
        return error.exit_code
    return 0


def ship(name: str, layer: str | None, images: int, device: str) -> None:
    """Dissect and write; the first of `STEPS` that keeps the folder below `LIMIT`."""
    model = open_model(name, device=device)
    assert isinstance(model, Generator)
    units = model.layer(layer).units
    step = next((step for step in STEPS if _guess(units, *step) < 0.9 * LIMIT), STEPS[-1])
    report = dissect(model, layer, images, progress=TerminalProgress(), top=Thumbnails(*step))
    folder = report.save(folder_of(name) / "report")
    size = _size(folder)
    sys.stdout.write(
        f"{folder}: {size / 1e6:.2f} MB, {len(report.findings)} units, "
        f"{sum(finding.counts for finding in report.findings)} above chance\n{report.concepts}\n"
    )
    if size > LIMIT:
        sys.stderr.write(f"ship_report: {size} bytes are more than the {LIMIT} that may ship\n")


def _guess(units: int, count: int, size: int, quality: int) -> float:
    """Bytes of all strips: some 0.16 a pixel at quality 80."""
    return units * count * 2 * size**2 * 0.16 * quality / 80


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
