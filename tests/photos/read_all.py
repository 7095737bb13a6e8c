"""Reads every photo of a list in one process and says what came of each: run by `test_odd_files.py`.

Standard input has one JSON list of paths; standard output gets one JSON list of what happened.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from inscape.errors import InscapeError
from inscape.photos import read_photo

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def megabytes(line: str) -> float:
    """`VmRSS` (now) or `VmHWM` (the most since it was set back); elsewhere the most ever."""
    if not STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    found = next(row for row in STATUS.read_text().splitlines() if row.startswith(line))
    return int(found.split()[1]) * 1024 / 1e6


def seconds() -> float:
    """Processor time of this process and those that it started."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def read(path: str, kept: Path) -> dict[str, object]:
    if CLEAR.exists():
        CLEAR.write_text("5")
    cpu, wall = seconds(), time.perf_counter()
    result: dict[str, object] = {}
    try:
        photo = read_photo(path)
    except InscapeError as error:
        result |= {"error": type(error).__name__, "detail": error.detail, "text": str(error)}
    except BaseException as error:
        result |= {"error": "raised", "detail": repr(error), "text": repr(error)}
    else:
        result["size"] = [photo.width, photo.height]
        if photo.width * photo.height < 1e6:
            np.savez(kept, pixels=photo.pixels, **({} if photo.alpha is None else {"alpha": photo.alpha}))
        del photo
    result |= {"cpu": seconds() - cpu, "wall": time.perf_counter() - wall, "most": megabytes("VmHWM")}
    result["others"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    return result


def main() -> None:
    paths = json.load(sys.stdin)
    folder = Path(sys.argv[1])
    read(paths[0], folder / "first")  # loads the decoders
    idle = megabytes("VmRSS")
    results = [read(path, folder / f"{number}") for number, path in enumerate(paths)]
    json.dump([{**each, "idle": idle} for each in results], sys.stdout)


if __name__ == "__main__":
    main()
