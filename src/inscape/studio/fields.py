"""Fields of the studio's messages that are those of a verb's request: default, range and help stand there."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from inscape.verbs import Request, parameters_of


def field_of(
    request: type[Request], name: str, *, least: float | None = None, most: float | None = None
) -> Any:
    """A pydantic field with the default, the range and the help of a request's own.

    Args:
        request: The verb's request.
        name: Of the field there.
        least: The lowest value that the studio takes; the request's own unless given.
        most: The highest.
    """
    (parameter,) = (each for each in parameters_of(request) if each.name == name)
    return Field(
        default=parameter.default,
        ge=parameter.least if least is None else least,
        le=parameter.most if most is None else most,
        description=parameter.option.help,
    )
