"""The base of every request, and what every result can do."""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeAlias

from inscape.types import JsonObject
from inscape.verbs._parameters import parameters_of

Document: TypeAlias = JsonObject
"""What `--json` prints."""


class Request:
    """One call of a verb as a value; each verb's own is a frozen dataclass.

    Making one checks its ranges and what else can be told without loading a network.

    Raises:
        UsageError: A number lies outside its range, or a text cannot be parsed.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "allow_inf_nan": False}

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for parameter in parameters_of(type(self)):
            parameter.check(getattr(self, parameter.name))
        self.check()

    def check(self) -> None:
        """Refuse what cannot be meant and no range says; a verb with such rules overrides this."""


class Result(Protocol):
    """What a verb found or made."""

    def to_json(self) -> Document:
        """The document that `--json` prints."""

    def text(self) -> str:
        """What a person reads."""
