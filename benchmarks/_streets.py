"""The street frames that some benchmarks read: a folder of photos with a label map each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inscape.sources import FolderPictures

SIZE = 224
"""Height and width at which `efficientnet-lite0` is shown them."""
NAMES = (
    *("sky", "building", "pole", "road", "pavement", "tree"),
    *("sign", "fence", "car", "pedestrian", "bicyclist"),
)
"""Of the values 0 to 10 of the label maps; 11 is no concept."""


@contextmanager
def frames(streets: Path, *parts: str) -> Iterator[FolderPictures]:
    """The frames of some parts of the data, in the order of their names, each in the group of its drive."""
    from inscape.sources import FolderPictures

    with TemporaryDirectory() as name:
        folder = Path(name)
        for part in parts:
            for path in (streets / part).iterdir():
                (folder / path.name).symlink_to(path.resolve())
        (folder / "concepts.txt").write_text("\n".join([*NAMES, "", ""]))
        yield FolderPictures(folder, size=SIZE, labels=folder, groups="*_*")
