"""The base of requests, and the interface of results."""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeAlias

from inscape.types import JsonObject
from inscape.verbs._parameters import parameters_of

Document: TypeAlias = JsonObject
"""What `--json` prints."""


class Request:
    """One call of a verb as a value; each verb's own is a frozen dataclass.

    Its constructor checks the ranges, and everything else that needs no network.

    Raises:
        UsageError: A number lies outside its range, or a text cannot be parsed.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "allow_inf_nan": False}

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        for parameter in parameters_of(type(self)):
            parameter.check(getattr(self, parameter.name))
        self.check()

    def check(self) -> None:
        """Refuse invalid values that no range expresses. A verb with such rules overrides this."""


class Result(Protocol):
    """The result of a verb."""

    def to_json(self) -> Document:
        """The document that `--json` prints."""

    def text(self) -> str:
        """What a person reads."""
