"""Tasks: files that describe a rule by regions or by concepts.

A task is TOML:

    name = "trees grow out of spires"
    layer = "layer16b"                # the model's default layer unless given

    [context]                         # where the rule is to hold
    concept = "spire"                 # in the pictures that show most of it, as the segmenter says …
    pictures = 16
    # places = [{seed = 3, box = [20, 4, 6, 12]}]     … or in places that one names, in pixels or as a mask

    [goal]                            # what is to be there
    concept = "tree"                  # copied from where it fills a place, and looks like it there, best …
    pictures = 4                      # … and pasted into so many of the context's pictures
    # paste = [{source = 5, copied = [8, 30, 6, 12], target = 3, place = [20, 4, 6, 12], scale = 1.0}]
    # erase = 30                      … or the most active 30 units of the context's keys are switched off

    [settings]                        # any of RuleSettings
    rank = 1

    [judge]                           # what counts as reached; the concepts above unless given
    context = "spire"
    goal = ["tree"]
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inscape import storage
from inscape.editing.rule_settings import RuleSettings
from inscape.errors import FormatError
from inscape.regions import Region, box
from inscape.rewriting.pastes import Paste, Place
from inscape.types import JsonObject

FEW_SAMPLES = 500
"""Pictures that are enough to compare layers by."""
_LARGEST_FILE = 2**20
_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "int | None": (int,),
    "float": (float, int),
}
"""What a setting of each type may be; all others are texts."""
_SAID = {int: "a whole number", float: "a number", str: "a text"}
Box = tuple[float, float, float, float]
P = TypeVar("P", bound=BaseModel)


class TaskPart(BaseModel):
    """Base of what a task file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mask(TaskPart):
    """A region of any shape, as `Region.to_json` writes it: what a brush leaves."""

    mask: str
    height: int
    width: int


class ContextPlace(TaskPart):
    """A region in the picture of a seed: a box `[x, y, width, height]` in pixels, or a mask."""

    seed: int = Field(ge=0)
    box: Box | Mask

    @property
    def place(self) -> Place:
        """The seed and the region."""
        return self.seed, _region(self.box)


class Context(TaskPart):
    """Where a rule holds: in regions, or in the largest parts of a concept."""

    concept: str | None = None
    pictures: int = Field(default=16, ge=1, le=64)
    places: tuple[ContextPlace, ...] = ()
    protect: tuple[ContextPlace, ...] = ()


class GoalPaste(TaskPart):
    """A paste: regions as boxes in pixels, or as masks."""

    source: int = Field(ge=0)
    copied: Box | Mask
    target: int = Field(ge=0)
    place: Box | Mask
    scale: float = 1.0

    @property
    def paste(self) -> Paste:
        """The goal."""
        return Paste(self.source, _region(self.copied), self.target, _region(self.place), self.scale)


class TaskGoal(TaskPart):
    """The goal of a rule: pastes, a concept, or erased units."""

    concept: str | None = None
    pictures: int = Field(default=4, ge=1, le=64)
    paste: tuple[GoalPaste, ...] = ()
    erase: int | None = Field(default=None, ge=1)


class Judge(TaskPart):
    """The concepts of reach: the context, and the goals that count as reached. Any other concept counts if
    none is named.
    """

    context: str | None = None
    goal: tuple[str, ...] = ()


class Task(TaskPart):
    """The description of a rule, before it is solved for a model.

    Attributes:
        name: For display.
        layer: The layer to rewrite; the model's default unless given.
        seeds: Number of pictures, from seed 0, that are searched for a concept.
        context: Where the rule holds.
        goal: What the rule draws there.
        settings: Fields of `RuleSettings`.
        judge: The concepts that reach and leak are measured with.
    """

    name: str = ""
    layer: str | None = None
    seeds: int = Field(default=400, ge=1, le=100_000)
    context: Context
    goal: TaskGoal
    settings: JsonObject = Field(default_factory=dict)
    judge: Judge = Judge()

    @classmethod
    def load(cls, path: Path | str) -> Task:
        """Read a task.

        Raises:
            FormatError: The file is missing or too large, is not TOML, or a field is missing, unknown or of
                the wrong kind; the first is named.
        """
        path = Path(path)
        value = read_toml(path)
        task = validated(cls, value, path)
        task.check(str(path))
        return task

    def to_toml(self) -> str:
        """The file that `load` reads."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True, exclude_defaults=True))

    def check(self, where: str) -> None:
        """Refuse invalid values.

        Raises:
            FormatError: Two ways of saying where or what, or none; a setting that there is not.
        """
        if (self.context.concept is None) == (not self.context.places):
            raise FormatError(f"{where}: a context has either a concept or places.")
        if sum([self.goal.concept is not None, bool(self.goal.paste), self.goal.erase is not None]) != 1:
            raise FormatError(f"{where}: a goal has exactly one of concept, paste and erase.")
        check_settings(self.settings, where)

    @property
    def rule_settings(self) -> RuleSettings:
        """The settings, checked."""
        return RuleSettings(**self.settings)

    @property
    def judged(self) -> tuple[str, tuple[str, ...] | None] | None:
        """The concept whose places count, and those that they should become; None where neither is known."""
        context = self.judge.context or self.context.concept
        goals = self.judge.goal or ((self.goal.concept,) if self.goal.concept else None)
        return None if context is None else (context, goals)


def read_toml(path: Path) -> JsonObject:
    """What a task file holds.

    Raises:
        FormatError: The file is missing or too large, or is not TOML.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise FormatError(f"{path} is larger than a task can be ({_LARGEST_FILE} bytes).")
        return tomllib.loads(storage.read_text(path))
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise FormatError(f"{path} is not TOML: {error}.") from error


def validated(kind: type[P], value: JsonObject, path: Path) -> P:
    """A task of that kind.

    Raises:
        FormatError: A field is missing, unknown or of the wrong kind; the first is named.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise FormatError(f"{path} is not a task: {where}: {first['msg']}.") from error


def check_settings(settings: JsonObject, where: str) -> None:
    """Refuse settings that `RuleSettings` does not have, or of another kind.

    Raises:
        FormatError: There is one.
    """
    known = {field.name: field.type for field in fields(RuleSettings)}
    if unknown := sorted(set(settings) - set(known)):
        raise FormatError(
            f"{where}: there is no setting {unknown[0]!r}; there are {', '.join(sorted(known))}."
        )
    for name, value in settings.items():
        kinds = _KINDS.get(str(known[name]), (str,))
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise FormatError(f"{where}: the setting {name} is {_SAID[kinds[0]]}, got {value!r}.")


def _region(where: Box | Mask) -> Region:
    return Region.from_json(where.model_dump()) if isinstance(where, Mask) else box(*where)
