"""What every test shares: quiet threads, a data folder of its own, and the optional real data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores; set before torch is imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")
LONGEST = (
    *("cli/test_256_pixels.py", "training/test_encoder.py", "photos/test_invert.py", "training/test_gan.py"),
    *("studio/test_browser_paint.py", "studio/test_browser_photo.py", "studio/test_browser_rewrite.py"),
    *("studio/test_browser_access.py", "studio/test_browser_roles_atlas.py", "sources/test_odd_files.py"),
    *("models/test_writing.py", "parallel/test_measurements.py", "training/test_toy_world.py"),
)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders that are not there yet; pytest itself would list all former ones for each."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's data folder, empty and separate for each test."""
    folder = next(homes)
    folder.mkdir()
    monkeypatch.setenv("INSCAPE_HOME", str(folder))
    yield folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that no worker has one left when the others have ended."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))


@pytest.fixture
def test_data() -> Path:
    """Real photographs and label maps that are not part of the repository."""
    folder = os.environ.get("INSCAPE_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("INSCAPE_TEST_DATA names no folder of real pictures")
    return Path(folder)
