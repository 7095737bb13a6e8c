"""A folder of photos: with label maps, with a folder for each class, or bare."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np
import torch

from inscape import storage
from inscape.concepts import Concept, Vocabulary
from inscape.errors import InscapeError, NotFoundError, ShapeError
from inscape.pictures import to_tensor
from inscape.sources.groups import groups_of
from inscape.sources.label_maps import Legend
from inscape.sources.reading import Photo, read_photo
from inscape.sources.source import Batch, show, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.models import Model

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".gif", ".bmp", ".jp2", ".ppm"}
NAMES = "concepts.txt"


logger = logging.getLogger("inscape")


class FolderOptions(TypedDict, total=False):
    """What is known of the photos of a folder.

    Attributes:
        labels: Folder of label maps under the photos' own names: PNG files of one channel, whose values are
            numbers of concepts, or of colours. It may be the folder of the photos. Without any, classes label
            their photos.
        concepts: File with the names of the values or colours (see `label_maps`). `concepts.txt` in the
            folder of the label maps unless given.
        groups: Pattern of the files' names that says which photos belong together (see `groups`).
    """

    labels: Path | None
    concepts: Path | None
    groups: str | None


class FolderPictures:
    """The photos in a folder and its subfolders, sorted by name, each cropped to its middle square.

    Photos that cannot be read are left out; `skipped` names them.

    Args:
        folder: Where they are. Where all lie in folders of their own, each such folder is a class.
        size: Height and width in pixels at which they are shown.
        options: See `FolderOptions`.

    Raises:
        NotFoundError: There is no photo in the folder, no label map of a photo, or no group of one.
        UsageError: Nothing says what the values of the label maps are.
        FormatError: The file of their names is damaged.
    """

    segmenter: str | None = None
    side_by_side = True

    def __init__(self, folder: Path, *, size: int, **options: Unpack[FolderOptions]) -> None:
        self.folder, self.name, self._size = folder, folder.resolve().name, size
        self._labels = labels = options.get("labels")
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        self.files = [path for path in found if labels is None or not self._is_map(path, labels)]
        if not self.files:
            raise NotFoundError(f"There are no photos in the folder {folder}.", "Check the path.")
        tops = [path.relative_to(folder).parts[0] for path in self.files]
        bare = len(set(tops)) < 2 or any(path.parent == folder for path in self.files)
        self.classes = () if bare else tuple(sorted(set(tops)))
        self._class_of = {} if bare else dict(zip(self.files, map(self.classes.index, tops), strict=True))
        self._legend = (
            None if labels is None else self._named_values(options.get("concepts") or labels / NAMES)
        )
        shown = self.classes if len(self.classes) < 256 else ()
        of_classes = Vocabulary(Concept(name, "class") for name in shown)
        known = of_classes if self._legend is None else self._legend.vocabulary
        self.vocabulary: Vocabulary | None = known if known.names else None
        pattern = options.get("groups")
        self._group_of: dict[Path, str] = {}
        if pattern is not None:
            self._group_of = dict(zip(self.files, groups_of(self.files, folder, pattern), strict=True))
        self.skipped: list[Path] = []
        """Photos that were asked for and cannot be read."""
        self._readable: set[Path] = set()

    def _is_map(self, path: Path, labels: Path) -> bool:
        """Whether it is a label map: they may lie beside the photos, or in a folder among them."""
        return path == self._map_of(path) or (labels != self.folder and labels in path.parents)

    def _map_of(self, photo: Path) -> Path:
        assert self._labels is not None
        return self._labels / photo.relative_to(self.folder).with_suffix(".png")

    def _named_values(self, concepts: Path) -> Legend:
        """What the values mean, once every photo has a label map."""
        missing = [path for path in self.files if not self._map_of(path).is_file()]
        if missing:
            raise NotFoundError(
                f"{len(missing)} of {len(self.files)} photos have no label map; for the first of them, "
                f"{missing[0]}, there is no {self._map_of(missing[0])}."
            )
        return Legend.read(concepts)

    def numbers(self, first: int, count: int) -> range:
        """As many photos as are asked for, evenly spread over the folder; at most all.

        Each is read once before. What cannot be read is left out, and the photos are numbered without it.

        Raises:
            NotFoundError: None of them can be read.
        """
        before = len(self.skipped)
        while broken := self._broken(chosen := spread(len(self.files), first, count)):
            self.skipped += broken
            self.files = [path for path in self.files if path not in broken]
            if not self.files:
                raise NotFoundError(
                    f"None of the {len(self.skipped)} photos in the folder {self.folder} can be read; the "
                    f"first is {self.skipped[0].name}."
                )
        if new := self.skipped[before:]:
            names = ", ".join(path.name for path in new[:5]) + (", …" if len(new) > 5 else "")
            logger.warning("Left out of %s, %d in all, what cannot be read: %s", self.name, len(new), names)
        return chosen

    def _broken(self, numbers: range) -> list[Path]:
        """Those that cannot be read."""
        asked = [path for path in map(self.files.__getitem__, numbers) if path not in self._readable]
        broken = []
        for path in asked:
            try:
                read_photo(path)
            except InscapeError:
                broken.append(path)
        self._readable |= set(asked) - set(broken)
        return broken

    def groups(self, numbers: Sequence[int]) -> list[str] | None:
        """The group of each of some photos; None where nothing says which belong together."""
        return [self._group_of[self.files[number]] for number in numbers] if self._group_of else None

    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        """Show some photos to a model.

        Raises:
            FormatError, TooLargeError, ShapeError: A file is not a readable photo or label map.
        """
        files = [self.files[number] for number in numbers]
        photos = [read_photo(path) for path in files]
        pictures = to_tensor(np.stack([photo.seen(self._size) for photo in photos])).to(model.device)
        show(model, pictures)
        classes = tuple(self._class_of[path] for path in files) if self.classes else ()
        if self.vocabulary is None:
            return Batch(pictures, classes=classes)
        maps = [self._label_map(*pair) for pair in zip(files, photos, strict=True)]
        return Batch(pictures, torch.from_numpy(np.stack(maps)[:, None]), classes)

    def _label_map(self, path: Path, photo: Photo) -> NDArray[np.uint8]:
        """What is seen of the photo as numbers of concepts; one number of all of it for a class."""
        if self._legend is None:
            return np.full((self._size, self._size), self._class_of[path] + 1, np.uint8)
        values = self._legend.values(self._map_of(path))
        if values.shape != (photo.height, photo.width):
            raise ShapeError(
                f"The label map {self._map_of(path)} is {values.shape[1]} × {values.shape[0]} pixels, and "
                f"its photo {photo.width} × {photo.height}."
            )
        fit, centres = photo.fit, (np.arange(self._size) + 0.5) / self._size
        rows, columns = (fit.y + centres * fit.height).astype(int), (fit.x + centres * fit.width).astype(int)
        seen: NDArray[np.uint8] = values[rows[:, None], columns[None]]
        return seen

    def key(self) -> str | None:
        """Of all files' bytes, the classes and groups of photos, and what label maps mean."""
        maps = [] if self._labels is None else [self._map_of(path) for path in self.files]
        hashes = [storage.file_hash(path) for path in [*self.files, *maps]]
        names = self.vocabulary.to_json() if self.vocabulary else []
        legend = [] if self._legend is None else [list(self._legend.names), list(self._legend.colours)]
        classes = [list(self.classes), [self._class_of.get(path) for path in self.files]]
        groups = [self._group_of.get(path) for path in self.files]
        return storage.content_key("folder", self._size, hashes, classes, groups, names, legend)
