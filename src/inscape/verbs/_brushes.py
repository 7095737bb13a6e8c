"""Brushes in verbs: their kinds, and the file that holds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inscape.brush_kinds import FILE, KINDS
from inscape.errors import NotFoundError, UsageError, unknown_name

if TYPE_CHECKING:
    from inscape.models import Generator
    from inscape.painting import BrushSet


def check_kind(kind: str) -> str:
    """The kind, if there is one of this name.

    Raises:
        UsageError: There is none.
    """
    if kind not in KINDS:
        raise UsageError(*unknown_name("kind of brush", kind, KINDS))
    return kind


def find_brushes(generator: Generator, source: str, path: Path | None) -> BrushSet:
    """The brushes of a generator.

    Args:
        generator: The opened model.
        source: How the person named it.
        path: The file asked for; otherwise the one beside the model's weights.

    Raises:
        NotFoundError: The model has none.
        FormatError: The file is damaged, or holds brushes of other weights.
    """
    from inscape.models import folder_of, names
    from inscape.painting import BrushSet

    if path is None:
        path = (folder_of(source) if source in names() else Path(source)) / FILE
        if not path.is_file():
            raise NotFoundError(
                f"Model {source!r} has no file of brushes.",
                f"Make one: `inscape brush {source} --concept CONCEPT`, then add --brushes {FILE}.",
            )
    found = BrushSet.load(path)
    found.check(generator)
    return found
