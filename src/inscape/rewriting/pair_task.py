"""Tasks for classifiers: files that describe a rule by pairs of pictures.

A task is TOML; its paths are relative to the file:

    name = "a street in snow is a street"
    layer = "block11"                 # the model's default layer unless given
    ordinary = "photos"               # folder of pictures whose answers should stay
    images = 200                      # so many of them, evenly spread
    spread = 8                        # on so many of them the change is shown too; 0 unless given

    [[pair]]                          # one is enough
    plain = "street.png"
    changed = "street-in-snow.png"
    mask = "ground.png"               # white where it changed; where the two differ unless given

    [judge]                           # pictures that the rule has not seen, under the same names
    plain = "held-out/plain"
    changed = "held-out/snow"

    [settings]                        # any of RuleSettings
    rank = 1
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from pydantic import Field

from inscape.editing.rule_settings import RuleSettings
from inscape.errors import NotFoundError
from inscape.pictures import to_tensor
from inscape.rewriting.pairs import Pair
from inscape.rewriting.task import TaskPart, check_settings, read_toml, validated
from inscape.sources import FolderPictures, read_photo
from inscape.types import JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


class PairFiles(TaskPart):
    """A picture without and with the new look."""

    plain: str
    changed: str
    mask: str | None = None


class JudgeFolders(TaskPart):
    """Folders of pictures without and with the new look, under the same names."""

    plain: str
    changed: str


class PairTask(TaskPart):
    """The description of a rule for a classifier.

    Attributes:
        name: For display.
        layer: The layer to rewrite; the model's default unless given.
        ordinary: Folder of pictures whose answers should stay.
        images: How many of them are read.
        spread: On how many of them the change of each pair is shown too; see `Pair.spread`.
        pair: The pictures that the rule is made from.
        judge: The pictures that it is measured on; nothing is measured without them.
        settings: Fields of `RuleSettings`.
        folder: What paths are relative to.
    """

    name: str = ""
    layer: str | None = None
    ordinary: str
    images: int = Field(default=200, ge=4, le=100_000)
    spread: int = Field(default=0, ge=0, le=64)
    pair: tuple[PairFiles, ...] = Field(min_length=1)
    judge: JudgeFolders | None = None
    settings: JsonObject = Field(default_factory=dict)
    folder: Path = Field(default=Path(), exclude=True)

    @classmethod
    def load(cls, path: Path | str) -> PairTask:
        """Read a task.

        Raises:
            FormatError: The file is missing or too large, is not TOML, or a field is missing, unknown or of
                the wrong kind; the first is named.
        """
        path = Path(path)
        task = validated(cls, read_toml(path), path)
        check_settings(task.settings, str(path))
        return task.model_copy(update={"folder": path.parent})

    @property
    def rule_settings(self) -> RuleSettings:
        """The settings, checked."""
        return RuleSettings(**self.settings)

    def pairs(self, size: int) -> list[Pair]:
        """The pairs as a model of that picture size sees them.

        Raises:
            NotFoundError, FormatError, TooLargeError: A file is not a readable picture.
            ShapeError, RegionError: A pair does not fit together.
        """
        found = []
        for files in self.pair:
            plain, changed = (self._seen(self.folder / name, size) for name in (files.plain, files.changed))
            mask = None if files.mask is None else self._seen(self.folder / files.mask, size)
            found.append(Pair(plain, changed, None if mask is None else (mask.mean(0) + 1) / 2))
        return found

    def ordinary_pictures(self, size: int) -> Float[Tensor, "count 3 {size} {size}"]:
        """The pictures whose answers should stay.

        Raises:
            NotFoundError: There are none.
            FormatError, TooLargeError: One is not a readable picture.
        """
        source = FolderPictures(self.folder / self.ordinary, size=size)
        return self._pictures([source.files[number] for number in source.numbers(0, self.images)], size)

    def judged(self, size: int, images: int) -> tuple[Tensor, Tensor]:
        """The pictures that the rule is measured on, without and with the new look.

        Args:
            size: Height and width that the model sees.
            images: How many of them, evenly spread; all if there are fewer.

        Raises:
            NotFoundError: A folder has no picture, or a picture has no partner.
            FormatError, TooLargeError: One is not a readable picture.
        """
        assert self.judge is not None
        source = FolderPictures(self.folder / self.judge.plain, size=size)
        plain = [source.files[number] for number in source.numbers(0, images)]
        changed = [self.folder / self.judge.changed / file.relative_to(source.folder) for file in plain]
        if missing := [path for path in changed if not path.is_file()]:
            raise NotFoundError(
                f"{len(missing)} of {len(plain)} pictures of {source.folder} have no partner; for the "
                f"first of them there is no {missing[0]}.",
                "Give both pictures of a pair the same name.",
            )
        return self._pictures(plain, size), self._pictures(changed, size)

    def _pictures(self, files: Sequence[Path], size: int) -> Float[Tensor, "count 3 {size} {size}"]:
        return torch.stack([self._seen(file, size) for file in files])

    @staticmethod
    def _seen(path: Path, size: int) -> Float[Tensor, "3 {size} {size}"]:
        return to_tensor(np.asarray(read_photo(path).seen(size))[None])[0]


def is_pair_task(path: Path) -> bool:
    """Whether a task file describes a rule by pairs of pictures.

    Raises:
        FormatError: The file is missing or too large, or is not TOML.
    """
    return "pair" in read_toml(path)
