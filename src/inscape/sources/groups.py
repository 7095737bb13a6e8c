"""Which photos belong together: frames of one drive, pictures of one patient, rooms of one house.

Pictures of one group look alike, so that chance is only fair when label maps are shuffled within groups.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from inscape import storage
from inscape.errors import FormatError, NotFoundError, UsageError

_TABLE = re.compile(r"(.+\.(?:csv|tsv)):([^:]+)", re.IGNORECASE)


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that can name no group.

    Raises:
        UsageError: It is no regular expression, or has neither a group in brackets nor a star.
    """
    if _TABLE.fullmatch(pattern) is None:
        _expression(pattern)


def groups_of(files: Sequence[Path], folder: Path, pattern: str) -> list[str]:
    """The name of each photo's group.

    Args:
        files: The photos.
        folder: That they are in.
        pattern: A regular expression whose first bracket is the group's name, or a glob whose first star is,
            both of the file's name: "([^_]+)_.*" or "*_*". With a slash, both are of the path in the folder:
            "*/*" groups by folder. Or a column of a table, "drives.csv:drive", whose first column names the
            files.

    Raises:
        UsageError: It is no such pattern.
        NotFoundError: It does not fit a photo, or there is no such table, column or row.
    """
    if found := _TABLE.fullmatch(pattern):
        return _of_table(files, folder, Path(found[1]), found[2])
    expression, whole = _expression(pattern), "/" in pattern
    names = [path.relative_to(folder).as_posix() if whole else path.name for path in files]
    matches = [expression.fullmatch(name) or expression.fullmatch(_stem(name)) for name in names]
    missing = [name for name, match in zip(names, matches, strict=True) if match is None]
    if missing:
        raise NotFoundError(
            f"The pattern {pattern!r} fits {len(files) - len(missing)} of {len(files)} photos; the first "
            f"that it does not fit is {missing[0]}.",
            "Its first bracket or star is the name of the group, as in '*_*' or '([^_]+)_.*'.",
        )
    return [match[1] or "" for match in matches if match is not None]


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _expression(pattern: str) -> re.Pattern[str]:
    text = pattern
    if "(" not in pattern:
        parts = re.split(r"(\*|\?)", pattern)
        wild = {"*": "([^/]*?)", "?": "([^/])"}
        text = "".join(wild.get(part, re.escape(part)) for part in parts)
    try:
        expression = re.compile(text)
    except re.error as error:
        raise UsageError(f"--groups {pattern!r} is no regular expression: {error}.") from error
    if not expression.groups:
        raise UsageError(
            f"--groups {pattern!r} names no group.",
            "Use a glob such as '*_*', whose first star is the group's name, or a regular expression such as "
            "'([^_]+)_.*'.",
        )
    return expression


def _of_table(files: Sequence[Path], folder: Path, table: Path, column: str) -> list[str]:
    if not table.is_file():
        raise NotFoundError(f"There is no table {table} to read groups from.")
    text = storage.read_text(table)
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t" if table.suffix.lower() == ".tsv" else ","))
    columns = list(rows[0]) if rows else []
    if column not in columns:
        raise NotFoundError(
            f"The table {table} has no column {column!r}; it has {', '.join(map(str, columns)) or 'none'}."
        )
    named = {str(row[columns[0]]).strip(): row[column].strip() for row in rows if (row[column] or "").strip()}
    found = []
    for path in files:
        known = (path.relative_to(folder).as_posix(), path.name, path.stem)
        group = next((named[name] for name in known if name in named), None)
        if group is None:
            raise FormatError(
                f"The table {table} has no row for the photo {known[0]} with a value of {column!r}.",
                f"Its first column, {columns[0]!r}, names the files.",
            )
        found.append(group)
    return found
