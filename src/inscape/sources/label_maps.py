"""Label maps in files: what the value, or the colour, of a pixel means.

The file of names has a line for each value, from 0 on, or a line for each colour: "64 0 128 car",
"#400080 car", or "car,64,0,128" as in tables. A line without a name is a value or colour of no concept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inscape import storage
from inscape.concepts import Concept, Vocabulary
from inscape.errors import FormatError, UsageError
from inscape.sources._files import decoding, open_file

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

IGNORED = 255
"""The value that means "no label" in most sets of label maps."""

_VALUES = 256
_SEPARATED = r"\s*[,;\s]\s*"
_COLOUR_FIRST = re.compile(rf"(\d{{1,3}}){_SEPARATED}(\d{{1,3}}){_SEPARATED}(\d{{1,3}})(?:{_SEPARATED}(.*))?")
_COLOUR_LAST = re.compile(r"([^,;]*)[,;]\s*(\d{1,3})\s*[,;]\s*(\d{1,3})\s*[,;]\s*(\d{1,3})")
_HEXADECIMAL = re.compile(r"#([0-9a-fA-F]{6})\b[\s,;]*(.*)")


@dataclass(frozen=True)
class Legend:
    """What values or colours of label maps mean.

    Attributes:
        where: The file that says it.
        names: By value; "" is no concept. Of colours, in the order of the file.
        colours: The colour of each name, red, green and blue in one number; empty where values are named.
    """

    where: Path
    names: tuple[str, ...]
    colours: tuple[int, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Legend:
        """Read a file of names.

        Raises:
            UsageError: There is no such file.
            FormatError: Some lines name colours and others do not, a colour stands twice, or there are more
                names than values.
        """
        if not path.is_file():
            raise UsageError(
                f"The values of label maps need names, and there is no file {path}.",
                "Write the name of a value on each line, from 0 on, or a colour and its name, such as "
                "'64 0 128 car'; name the file with --concepts.",
            )
        lines = [line.strip() for line in storage.read_text(path).splitlines()]
        found = [_colour(line) for line in lines]
        if not any(each is not None for each in found):
            if len(lines) > _VALUES:
                raise FormatError(f"{path} names {len(lines)} values, and label maps have at most {_VALUES}.")
            return cls(path, tuple(lines))
        head = int(found[0] is None)  # the titles of a table
        for number, (line, each) in enumerate(zip(lines, found, strict=True), start=1):
            if line and each is None and number > head:
                raise FormatError(f"{path} names colours, and its line {number} has none: {line[:60]!r}.")
        known = [each for each in found if each is not None]
        colours = tuple(colour for colour, _ in known)
        if len(set(colours)) != len(colours):
            raise FormatError(f"A colour stands twice in {path}.")
        return cls(path, tuple(name for _, name in known), colours)

    @property
    def vocabulary(self) -> Vocabulary:
        """The named concepts, each once: several values or colours may have one name."""
        return Vocabulary(Concept(name, "object") for name in dict.fromkeys(self.names) if name)

    @cached_property
    def numbers(self) -> NDArray[np.uint8]:
        """The concept's number by place in `names`; 0 is none."""
        known = self.vocabulary
        numbers = [known.index(name) if name else 0 for name in self.names]
        return np.array(numbers, dtype=np.uint8)

    def values(self, path: Path) -> NDArray[np.uint8]:
        """The concepts' numbers in a label map, `[height, width]`.

        Raises:
            FormatError: It is no label map of that kind, or has a value or colour that is not named.
        """
        with decoding():
            image: Image = open_file(path.read_bytes(), str(path))
            if self.colours and image.mode in ("P", "RGB", "RGBA"):
                image = image.convert("RGB")
            elif self.colours or image.mode not in ("L", "P"):
                raise self._of_another_kind(path, image.mode)
            pixels = np.asarray(image)
        return self._of_colours(path, pixels) if self.colours else self._of_values(path, pixels)

    def _of_values(self, path: Path, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        table = np.zeros(_VALUES, dtype=np.uint8)
        table[: len(self.names)] = self.numbers
        shown = np.flatnonzero(np.bincount(pixels.ravel(), minlength=_VALUES))
        unknown = [int(value) for value in shown if value >= len(self.names) and value != IGNORED]
        if unknown:
            raise FormatError(
                f"The label map {path} has the value {unknown[0]}, and {self.where} names the values 0 to "
                f"{len(self.names) - 1}.",
                f"Add lines for what is missing, empty where it is no concept; {IGNORED} needs none.",
            )
        return table[pixels]

    def _of_colours(self, path: Path, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
        shown, place = np.unique(packed, return_inverse=True)
        known = dict(zip(self.colours, self.numbers.tolist(), strict=True))
        unknown = [int(colour) for colour in shown if int(colour) not in known]
        if unknown:
            red, green, blue = unknown[0] >> 16, unknown[0] >> 8 & 255, unknown[0] & 255
            raise FormatError(
                f"The label map {path} has the colour {red} {green} {blue}, and {self.where} names no such.",
                "Add a line for it, without a name where it is no concept. Save label maps as PNG, because "
                "other formats mix the colours at edges.",
            )
        table = np.array([known[int(colour)] for colour in shown], dtype=np.uint8)
        return table[place].reshape(packed.shape)

    def _of_another_kind(self, path: Path, mode: str) -> FormatError:
        if self.colours:
            return FormatError(
                f"{path} must be a label map of colours, as {self.where} names them, got mode {mode}.",
                "Write the name of a value on each line instead.",
            )
        return FormatError(
            f"{path} must be a label map of one channel of 8 bits, got mode {mode}.",
            f"Where colours mean concepts, write a colour and its name on each line of {self.where}.",
        )


def _colour(line: str) -> tuple[int, str] | None:
    """The colour of a line and its name; None where there is no colour."""
    if found := _HEXADECIMAL.fullmatch(line):
        return int(found[1], 16), found[2].strip()
    if found := _COLOUR_FIRST.fullmatch(line):
        parts, name = found.groups()[:3], found[4] or ""
    elif found := _COLOUR_LAST.fullmatch(line):
        parts, name = found.groups()[1:], found[1]
    else:
        return None
    red, green, blue = map(int, parts)
    return None if max(red, green, blue) > 255 else ((red << 16) + (green << 8) + blue, name.strip())
