"""The command line of a request."""

from __future__ import annotations

import shlex

from inscape.verbs._parameters import Parameter, parameters_of
from inscape.verbs._request import Request
from inscape.verbs.registry import verb_of


def command_line(request: Request) -> str:
    """The command line that runs a request, quoted for a shell, without options that have their default.

    Example:
        >>> command_line(SampleRequest("town", seeds="0-3"))
        'inscape sample town --seeds 0-3'
    """
    positions: list[str] = []
    options: list[str] = []
    for parameter in parameters_of(type(request)):
        value = getattr(request, parameter.name)
        if parameter.positional and not (parameter.optional and value is None):
            positions += [_word(each) for each in (value if parameter.many else (value,))]
        elif not parameter.positional and (parameter.required or value != parameter.default):
            options += _option(parameter, value)
    if any(word.startswith("-") for word in positions):  # which would be read as options
        words = [*options, "--", *positions]
    else:
        words = [*positions, *options]
    return shlex.join(["inscape", *verb_of(request).name.split(), *words])


def _option(parameter: Parameter, value: object) -> list[str]:
    if parameter.type is bool:
        return [parameter.flag if value else f"--no-{parameter.flag.removeprefix('--')}"]
    if parameter.many and isinstance(value, tuple):
        return [word for each in value for word in (parameter.flag, _word(each))]
    return [parameter.flag, _word(value)]


def _word(value: object) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
