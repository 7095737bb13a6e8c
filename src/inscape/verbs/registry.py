"""All verbs by name, each loaded on demand."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from inscape.errors import NotFoundError, unknown_name
from inscape.verbs._request import Request, Result

if TYPE_CHECKING:
    from inscape.progress import Progress

NAMES = (
    *("models", "sample", "dissect", "explain", "layers", "effect", "find", "artifacts"),
    *("roles", "atlas"),
    *("brush", "paint", "replay", "invert"),
    *("rewrite", "apply", "convert", "train", "scenes", "doctor"),
    "fact trace",
    "fact edit",
    "fact judge",
)
"""In the order of `inscape --help`; NAME.py in this folder holds the dataclass NameRequest and `run`.

A name of two words is a command of a group: "fact trace" has fact_trace.py and FactTraceRequest.
"""

GROUPS = {"fact": "See where a language model keeps a fact, and change it."}
"""The first words of names of two, and what the help says of them."""


@dataclass(frozen=True)
class Verb:
    """A verb.

    Args:
        name: As on the command line.
    """

    name: str

    @property
    def _module(self) -> ModuleType:
        return importlib.import_module(f"inscape.verbs.{self.name.replace(' ', '_')}")

    @property
    def slug(self) -> str:
        """Its name as a part of an address: without a space."""
        return self.name.replace(" ", "-")

    @property
    def request(self) -> type[Request]:
        """The dataclass of its requests."""
        found: type[Request] = getattr(self._module, f"{self.name.title().replace(' ', '')}Request")
        return found

    @property
    def help(self) -> str:
        """What it does: the first line alone is a whole sentence."""
        return inspect.cleandoc(self.request.__doc__ or "")

    def run(self, request: Request, progress: Progress) -> Result:
        """Do what a request asks for."""
        result: Result = self._module.run(request, progress)
        return result


def verb(name: str) -> Verb:
    """The verb of that name.

    Raises:
        NotFoundError: There is none.
    """
    if name not in NAMES:
        raise NotFoundError(*unknown_name("verb", name, NAMES))
    return Verb(name)


def verb_of(request: Request) -> Verb:
    """The verb that a request is for."""
    return verb(type(request).__module__.rpartition(".")[2].replace("_", " "))
