"""The declarations of a request's fields: help, flag, range and default.

A field is `name: Annotated[type, Option("help"), Ge(1), Le(64)] = default`. The ranges are those of
`annotated_types`, which pydantic reads too, and the help becomes the description in OpenAPI.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le

from inscape.errors import UsageError
from inscape.types import JsonObject


@dataclass(frozen=True)
class Option:
    """Marks a field that is named on the command line.

    Args:
        help: The help text: what changes when it is set.
        flag: Its flag. `--` and the field's name unless given.
        metavar: Placeholder of its value in the help. The type unless given.
    """

    help: str
    flag: str = ""
    metavar: str | None = None

    def __get_pydantic_json_schema__(
        self, schema: object, handler: Callable[[object], JsonObject]
    ) -> JsonObject:
        """Add the help to what OpenAPI says of the field."""
        return {**handler(schema), "description": self.help}


@dataclass(frozen=True)
class Argument(Option):
    """Marks a field that is given by its position on the command line."""


@dataclass(frozen=True)
class Parameter:
    """A field of a request.

    Args:
        name: Of the field.
        type: Of one value: str, int, float, bool or Path.
        optional: Whether it may be None.
        many: Whether it is a tuple of such values.
        default: `dataclasses.MISSING` where it must be given.
        option: Help, flag and metavar.
        least: The lowest value.
        most: The highest value.
    """

    name: str
    type: type
    optional: bool
    many: bool
    default: object
    option: Option
    least: Any = None
    most: Any = None

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is dataclasses.MISSING

    @property
    def positional(self) -> bool:
        """Whether it is a positional argument."""
        return isinstance(self.option, Argument)

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return self.option.flag or f"--{self.name.replace('_', '-')}"

    def check(self, value: Any) -> None:
        """Refuse a value outside the range.

        Raises:
            UsageError: It lies outside, or is not a number.
        """
        if value is None or (self.least is None and self.most is None):
            return
        inside = (self.least is None or value >= self.least) and (self.most is None or value <= self.most)
        if not inside:
            raise UsageError(f"{self.flag} is a number {self._range()}, got {value!r}.")

    def _range(self) -> str:
        if self.most is None:
            return f"of at least {self.least}"
        return f"of at most {self.most}" if self.least is None else f"from {self.least} to {self.most}"


def parameters_of(request: type) -> tuple[Parameter, ...]:
    """The fields of a request's class, in order."""
    return _read(request)


@cache
def _read(request: Any) -> tuple[Parameter, ...]:
    hints = get_type_hints(request, include_extras=True)
    return tuple(_parameter(field, hints[field.name]) for field in dataclasses.fields(request))


def _parameter(field: dataclasses.Field[object], hint: object) -> Parameter:
    kind, *notes = get_args(hint)
    types = [each for each in get_args(kind) or (kind,) if each is not NoneType and each is not Ellipsis]
    many = get_origin(kind) is tuple
    (option,) = (note for note in notes if isinstance(note, Option))
    return Parameter(
        name=field.name,
        type=types[0],
        optional=NoneType in get_args(kind),
        many=many,
        default=field.default,
        option=option,
        least=next((note.ge for note in notes if isinstance(note, Ge)), None),
        most=next((note.le for note in notes if isinstance(note, Le)), None),
    )
