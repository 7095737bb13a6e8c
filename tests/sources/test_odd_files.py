"""Every odd file gives the right picture or one clear sentence, in little time and memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import inscape
from inscape import errors
from sources.odd_files import GROUPS, Odd, largest

ODD = [odd for group in GROUPS.values() for odd in group()]
MOST_MEGABYTES = 500


def read_all(files: Sequence[Odd], folder: Path) -> list[dict[str, Any]]:
    """What reading each gives, measured in a process that does nothing else; it must write no warning."""
    paths = []
    (folder / "a folder").mkdir()
    for number, odd in enumerate(files):
        place = folder / f"{number}" / odd.name if odd.data is not None else folder / odd.name
        if odd.data is not None:
            place.parent.mkdir()
            place.write_bytes(odd.data)
            os.truncate(place, max(odd.length, len(odd.data)))
        paths.append(str(place))
    done = subprocess.run(
        [sys.executable, "-W", "always", str(Path(__file__).with_name("read_all.py")), str(folder)],
        input=json.dumps(paths),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(inscape.__file__).parents[1])},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    results: list[dict[str, Any]] = json.loads(done.stdout)
    for number, result in enumerate(results):
        if (kept := folder / f"{number}.npz").exists():
            result |= dict(np.load(kept))
    return results


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    found = read_all(ODD, tmp_path_factory.mktemp("odd"))
    return dict(zip((odd.name for odd in ODD), found, strict=True))


def test_there_are_more_than_two_hundred_with_names_of_their_own():
    assert len({odd.name for odd in ODD}) == len(ODD) > 200


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd.name[:60]))
def test_an_odd_file_gives_the_right_picture_or_one_sentence(odd: Odd, results):
    result = results[odd.name]
    assert result["most"] - result["idle"] < MOST_MEGABYTES
    if "error" in result:
        kind = getattr(errors, result["error"], None)
        assert odd.error is not None and kind is not None, result["text"]
        if isinstance(odd.error, type):
            assert issubclass(kind, odd.error)
        assert re.search(odd.says, result["detail"], re.DOTALL), result["text"]
        sentence = result["detail"].replace(odd.name, "it").replace(repr(odd.name), "it")
        assert re.fullmatch(r"[^\n]*[^\n.]\.", sentence), sentence
        return
    assert odd.error in (None, "any"), "a damaged file was read"
    if odd.picture is not None:
        assert result["pixels"].shape == odd.picture.shape
        assert np.abs(result["pixels"].astype(int) - odd.picture).mean() <= odd.tolerance
        assert np.array_equal(result.get("alpha", 255), 255 if odd.alpha is None else odd.alpha)


@pytest.mark.slow
def test_the_largest_photos_of_every_kind_are_read_within_the_limits(tmp_path):
    files = list(largest())
    for odd, result in zip(files, read_all(files, tmp_path), strict=True):
        assert result.get("size") == list(odd.size), (odd.name, result)
        others = result["others"] if odd.name.endswith("tif") else 0
        assert result["most"] - result["idle"] + others < MOST_MEGABYTES, (odd.name, result)
