"""Lines: what would do the same in a terminal, for a request of each verb."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from inscape.studio.routes._common import ERRORS
from inscape.studio.schemas import Line
from inscape.verbs import NAMES, command_line, verb

router = APIRouter(prefix="/api/lines", tags=["lines"])


def _add(name: str) -> None:
    """A route whose body is the verb's request."""

    def line(request: Any) -> Line:
        return Line(line=command_line(request))

    line.__doc__ = f"The command line that would run a request of `inscape {name}`; nothing is run."
    line.__annotations__["request"] = verb(name).request
    router.post(f"/{name}", operation_id=f"lineOf{name.capitalize()}", responses=ERRORS)(line)


for _name in NAMES:
    _add(_name)
