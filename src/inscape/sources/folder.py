"""A folder of photos: with label maps, with a folder for each class, or bare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape import storage
from inscape.concepts import Concept, Vocabulary
from inscape.errors import FormatError, NotFoundError, ShapeError, UsageError
from inscape.pictures import to_tensor
from inscape.sources._files import decoding, open_file
from inscape.sources.reading import Photo, read_photo
from inscape.sources.source import Batch, show, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.models import Model

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".gif", ".bmp", ".jp2", ".ppm"}
NAMES = "concepts.txt"


class FolderPictures:
    """The photos in a folder and its subfolders, sorted by name, each cropped to its middle square.

    Args:
        folder: Where they are. Where all lie in folders of their own, each such folder is a class.
        size: Height and width in pixels at which they are shown.
        labels: Folder of label maps under the photos' own names: PNG files of one channel, whose values are
            numbers of concepts. It may be the folder of the photos. Without any, classes label their photos.
        concepts: File with the name of a value on each line, from 0 on; an empty line is not a concept.
            `concepts.txt` in the folder of the label maps unless given.

    Raises:
        NotFoundError: There is no photo in the folder, or no label map of a photo.
        UsageError: Nothing says what the values of the label maps are.
    """

    segmenter: str | None = None
    side_by_side = True

    def __init__(
        self, folder: Path, *, size: int, labels: Path | None = None, concepts: Path | None = None
    ) -> None:
        self.folder, self.name, self._size, self._labels = folder, folder.resolve().name, size, labels
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        self.files = [path for path in found if labels is None or not self._is_map(path, labels)]
        if not self.files:
            raise NotFoundError(f"There are no photos in the folder {folder}.", "Check the path.")
        tops = [path.relative_to(folder).parts[0] for path in self.files]
        bare = len(set(tops)) < 2 or any(path.parent == folder for path in self.files)
        self.classes = () if bare else tuple(sorted(set(tops)))
        self._class_of = [] if bare else [self.classes.index(top) for top in tops]
        shown = self.classes if len(self.classes) < 256 else ()
        names = shown if labels is None else self._value_names(concepts or labels / NAMES)
        numbered = np.cumsum([bool(name) for name in names]) * [bool(name) for name in names]
        self._numbers = np.pad(numbered.astype(np.uint8), (0, 256 - len(names)))
        plane = "class" if labels is None else "object"
        known = Vocabulary(Concept(name, plane) for name in names if name)
        self.vocabulary: Vocabulary | None = known if known.names else None

    def _is_map(self, path: Path, labels: Path) -> bool:
        """Whether it is a label map: they may lie beside the photos, or in a folder among them."""
        return path == self._map_of(path) or (labels != self.folder and labels in path.parents)

    def _map_of(self, photo: Path) -> Path:
        assert self._labels is not None
        return self._labels / photo.relative_to(self.folder).with_suffix(".png")

    def _value_names(self, concepts: Path) -> list[str]:
        """The names of the values, once every photo has a label map."""
        missing = [path for path in self.files if not self._map_of(path).is_file()]
        if missing:
            raise NotFoundError(
                f"{len(missing)} of {len(self.files)} photos have no label map; for the first of them, "
                f"{missing[0]}, there is no {self._map_of(missing[0])}."
            )
        if not concepts.is_file():
            raise UsageError(
                f"The values of label maps need names, and there is no file {concepts}.",
                "Write the name of a value on each line, from 0 on, and name the file with --concepts.",
            )
        return [line.strip() for line in storage.read_text(concepts).splitlines()][:256]

    def numbers(self, first: int, count: int) -> range:
        """As many photos as are asked for, evenly spread over the folder; at most all."""
        return spread(len(self.files), first, count)

    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        """Show some photos to a model.

        Raises:
            FormatError, TooLargeError, ShapeError: A file is not a readable photo or label map.
        """
        photos = [read_photo(self.files[number]) for number in numbers]
        pictures = to_tensor(np.stack([photo.seen(self._size) for photo in photos])).to(model.device)
        show(model, pictures)
        classes = tuple(self._class_of[number] for number in numbers) if self.classes else ()
        if self.vocabulary is None:
            return Batch(pictures, classes=classes)
        maps = [self._label_map(number, photo) for number, photo in zip(numbers, photos, strict=True)]
        return Batch(pictures, torch.from_numpy(self._numbers[np.stack(maps)[:, None]]), classes)

    def _label_map(self, number: int, photo: Photo) -> NDArray[np.uint8]:
        """What is seen of the photo in values of its label map; one value of all of it for a class."""
        if self._labels is None:
            return np.full((self._size, self._size), self._class_of[number], np.uint8)
        path = self._map_of(self.files[number])
        with decoding():
            image = open_file(path.read_bytes(), str(path))
        if image.mode not in ("L", "P"):
            raise FormatError(f"{path} must be a label map of one channel of 8 bits, got mode {image.mode}.")
        if image.size != (photo.width, photo.height):
            raise ShapeError(
                f"The label map {path} is {image.width} × {image.height} pixels, and its photo "
                f"{photo.width} × {photo.height}."
            )
        fit, centres = photo.fit, (np.arange(self._size) + 0.5) / self._size
        rows, columns = (fit.y + centres * fit.height).astype(int), (fit.x + centres * fit.width).astype(int)
        seen: NDArray[np.uint8] = np.asarray(image)[rows[:, None], columns[None]]
        return seen

    def key(self) -> str | None:
        """Of the bytes of all files, the classes of photos, and what the values of label maps are."""
        maps = [] if self._labels is None else [self._map_of(path) for path in self.files]
        hashes = [storage.file_hash(path) for path in [*self.files, *maps]]
        names = self.vocabulary.to_json() if self.vocabulary else []
        classes = [list(self.classes), self._class_of]
        return storage.content_key("folder", self._size, hashes, classes, names, self._numbers.tolist())
