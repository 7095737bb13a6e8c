"""Reads every photo of a list in one process and says what came of each: run by `test_odd_files.py`.

Standard input has one JSON list of paths; standard output gets one JSON list of what happened.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
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


class Others:
    """Watches the processes that this one starts, for the most memory that one of them held.

    What the system says of children that have ended counts the memory of this process too, which a child
    shares until it runs its own program.
    """

    def __init__(self) -> None:
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self.most

    def _watch(self) -> None:
        while not self._over.wait(0.005):
            for children in Path("/proc/self/task").glob("*/children"):
                try:
                    for number in children.read_text().split():
                        self.most = max(self.most, self._held(Path("/proc") / number))
                except OSError:  # it has ended
                    continue

    def _held(self, process: Path) -> float:
        if b"\0-c\0" not in (process / "cmdline").read_bytes():
            return 0.0
        rows = (process / "status").read_text().splitlines()
        return next((int(row.split()[1]) * 1024 / 1e6 for row in rows if row.startswith("VmHWM")), 0.0)


def read(path: str, kept: Path) -> dict[str, object]:
    if CLEAR.exists():
        CLEAR.write_text("5")
    others = Others()
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
    result["others"] = others.stop()
    result["most"] = megabytes("VmHWM")
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
