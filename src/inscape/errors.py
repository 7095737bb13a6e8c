"""The errors that Inscape shows to people.

    InscapeError
    ├── UsageError              what cannot be parsed (exit code 2)
    ├── NotFoundError           a name that nothing answers to
    │   ├── ModelNotFoundError
    │   ├── LayerError
    │   │   └── NotDissectedError
    │   ├── UnitError
    │   ├── ConceptError
    │   └── WorldError
    ├── ValueRangeError         a value of the right kind outside its range
    │   ├── RegionError
    │   ├── LatentError
    │   └── ShapeError
    ├── FormatError             a file that is damaged, foreign or of the wrong kind
    │   └── RecipeError
    ├── WorkersError            processes that were to do the work, and ended
    ├── StorageError            a folder or disk that cannot be written
    ├── MissingExtraError       an optional dependency that is not installed
    ├── DeviceError             a device that this machine does not have
    ├── UnsupportedError        a sensible request that this model or build cannot serve
    ├── ConflictError           what was to be saved is older than what is kept
    ├── TooLargeError           more was sent than is accepted
    └── CancelledError          the person asked to stop

Each class says which HTTP status and which exit code it stands for, so that the studio and the
command line never decide that a second time.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InscapeError(Exception):
    """Base of every error that is meant to be read by a person.

    Args:
        detail: One sentence: what was expected, and what came.
        hint: What to do about it; may be empty.
    """

    title = "It failed"
    status = 400
    exit_code = 1

    def __init_subclass__(cls, *, title: str = "", status: int = 0, exit_code: int = 0) -> None:
        super().__init_subclass__()
        cls.title, cls.status = title or cls.title, status or cls.status
        cls.exit_code = exit_code or cls.exit_code

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(f"{detail} {hint}".strip())
        self.detail = detail
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Sent from another process, it says the same."""
        return _as_sent, (type(self), self.detail, self.hint)


def _as_sent(kind: type[InscapeError], detail: str, hint: str) -> InscapeError:
    error = kind.__new__(kind)
    InscapeError.__init__(error, detail, hint)
    return error


class UsageError(InscapeError, title="Cannot read that", status=422, exit_code=2):
    """Something that cannot be parsed: seeds, boxes, lists of units."""


class NotFoundError(InscapeError, title="No such name", status=404):
    """A name that nothing answers to."""


class ModelNotFoundError(NotFoundError, title="No such model"):
    """No shipped model, file or cached model has this name."""


class LayerError(NotFoundError, title="No such layer"):
    """The model has no such layer."""


class NotDissectedError(LayerError, title="Not dissected yet"):
    """The model has the layer, but nobody has dissected it."""


class UnitError(NotFoundError, title="No such unit"):
    """The layer has no such unit."""


class ConceptError(NotFoundError, title="No such concept"):
    """The vocabulary has no such concept, or no unit matches it."""


class WorldError(NotFoundError, title="No such world"):
    """No shipped world has this name."""


class ValueRangeError(InscapeError, title="Out of range", status=422):
    """A value of the right kind that lies outside its range."""


class RegionError(ValueRangeError, title="Region outside the picture"):
    """A region that is empty or lies outside the picture."""


class LatentError(ValueRangeError, title="Latent does not fit"):
    """A latent of the wrong kind or size for this generator."""


class ShapeError(ValueRangeError, title="Wrong shape"):
    """A tensor or picture of another shape than expected."""


class FormatError(InscapeError, title="Cannot open the file", status=422):
    """A file that is damaged, foreign or of the wrong kind."""


class RecipeError(FormatError, title="Cannot replay"):
    """A recipe, or a picture that should hold one, that cannot be replayed."""


class WorkersError(InscapeError, title="Workers ended", status=500):
    """Other processes were to do the work, and ended again and again."""


class StorageError(InscapeError, title="Cannot write", status=507):
    """A folder or disk that cannot be written."""


class MissingExtraError(InscapeError, title="An optional part is missing", status=501):
    """An optional dependency that is not installed.

    Args:
        package: The module that could not be imported.
        extra: The extra of Inscape that brings it; none for a package that is installed alone.
        install: The line that installs it; the extra's unless given.
    """

    def __init__(self, package: str, extra: str = "", *, install: str = "") -> None:
        super().__init__(
            f"This needs the package {package!r}, which is not installed.",
            f"Install it with: {install or pip_line(extra)}",
        )


class DeviceError(InscapeError, title="No such device", status=422):
    """A device that this machine does not have."""


class UnsupportedError(InscapeError, title="Not possible here", status=422):
    """A sensible request that this model or build cannot serve."""


class ConflictError(InscapeError, title="Changed elsewhere", status=409):
    """What was to be saved is older than what is kept."""


class TooLargeError(InscapeError, title="Too large", status=413):
    """More was sent than the studio accepts."""


class CancelledError(InscapeError, title="Stopped", status=409, exit_code=130):
    """The person asked to stop."""

    def __init__(
        self, detail: str = "Stopped as asked; nothing half-written was kept.", hint: str = ""
    ) -> None:
        super().__init__(detail, hint)


def pip_line(extra: str) -> str:
    """The command that installs an extra of Inscape."""
    return f"pip install 'inscape[{extra}]'"


def near_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names closest to `name`, best first; case is ignored."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    return [by_lower[hit] for hit in difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=0.5)]


def unknown_name(kind: str, name: str, known: Iterable[str], *, where: str = "") -> tuple[str, str]:
    """Detail and hint for a name that nothing answers to.

    Example:
        >>> unknown_name("layer", "layr16a", ["layer16a", "layer16b"])[0]
        "no layer 'layr16a'; did you mean 'layer16a'?"

    Args:
        kind: The noun: "layer", "concept", "model".
        name: What was asked for.
        known: Every name that would have been right, in display order.
        where: Where it was looked for, for instance "in model 'town'".
    """
    known = list(known)
    place = f" {where}" if where else ""
    near = near_names(name, known)
    if near:
        return f"no {kind} {name!r}{place}; did you mean {near[0]!r}?", _listing(kind, known)
    return f"no {kind} {name!r}{place}.", _listing(kind, known)


def _listing(kind: str, known: list[str]) -> str:
    if not known:
        return f"There is no {kind} here at all."
    shown = ", ".join(known[:24])
    more = f" and {len(known) - 24} more" if len(known) > 24 else ""
    return f"Known: {shown}{more}."
