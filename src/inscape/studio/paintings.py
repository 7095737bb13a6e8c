"""Paintings: strokes on a picture, kept in an SQLite file under the user's data folder at every operation."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from inscape.errors import UsageError
from inscape.studio.database import Shelf, check_revision
from inscape.studio.shapes import Kept, Label, Message, Name, Seed
from inscape.studio.strokes import (
    MOST_OPERATIONS,
    ClassIndex,
    Operation,
    Operations,
    PhotoName,
    Pictured,
    Stroke,
    check_history,
    visible_strokes,
)

Former = Annotated[
    int | None,
    Field(
        description="Version of the shipped model that it was made with, where another one is installed: it "
        "can be looked at and made again, not changed."
    ),
]

_TABLE = """
CREATE TABLE IF NOT EXISTS paintings (
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, name TEXT NOT NULL, model TEXT NOT NULL,
    seed INTEGER NOT NULL, truncation REAL NOT NULL, operations TEXT NOT NULL,
    cursor INTEGER NOT NULL, branches TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, class_index INTEGER,
    photo TEXT)
"""
_ADDED = ("class_index INTEGER", "photo TEXT", "weights TEXT", "picture BLOB")
"""Columns that files of earlier versions lack."""
_MOST_BRANCHES = 20
_AT_HAND = 4


class NewPainting(Pictured):
    """Start a painting."""

    model: Name
    name: Label = ""
    operations: Operations = Field(default_factory=list)
    cursor: int | None = Field(default=None, description="All operations apply unless given.")


class SavePainting(Message):
    """The whole painting as it shall be."""

    revision: int = Field(description="The revision that this was made from.")
    name: Label = ""
    operations: Operations
    cursor: int = Field(ge=0)


class StepPainting(Message):
    """One step: the operations become `operations[:keep] + append`.

    Drawing sends keep=cursor, append=[operation], cursor+1. Undo sends keep=length, append=[], cursor-1.
    """

    revision: int = Field(description="The revision that this was made from.")
    keep: int = Field(ge=0)
    append: Operations = Field(default_factory=list)
    cursor: int = Field(ge=0)


class Branch(Message):
    """What a new stroke after an undo would have lost; restore with keep=at, append=operations."""

    at: int
    operations: Operations


class Painting(Pictured):
    """A painting that is kept: the operations before `cursor` apply, those from it on can be redone."""

    id: str
    revision: int
    name: str
    model: str
    operations: Operations
    cursor: int
    branches: list[Branch] = Field(default_factory=list)
    created: float
    updated: float
    weights: str | None = Field(
        default=None, description="Hash of the weights that it was begun with. Inscape 0.1 did not keep it."
    )
    former: Former = None

    @property
    def strokes(self) -> list[Stroke]:
        """The strokes that are visible."""
        return visible_strokes(self.operations, self.cursor)


class PaintingSummary(Message):
    """A row of the list of paintings."""

    id: str
    revision: int
    name: str
    model: str
    seed: Seed
    photo: PhotoName = None
    class_index: ClassIndex = None
    strokes: int = Field(description="Number of visible strokes.")
    updated: float
    picture: str
    former: Former = None


class PaintingList(Message):
    """All paintings, the latest first."""

    paintings: list[PaintingSummary]


_OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])
_BRANCHES: TypeAdapter[list[Branch]] = TypeAdapter(list[Branch])


class Paintings(Shelf):
    """The paintings of a user; `deleted` is below 0 where the photo was deleted, not the painting.

    Args:
        path: The SQLite file; made, with its folder, when it is first needed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "painting")
        self._at_hand: dict[str, Painting] = {}

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Make the table, or add what it lacks; let old ones go."""
        connection.execute(_TABLE)
        held = {row["name"] for row in connection.execute("PRAGMA table_info(paintings)")}
        for column in _ADDED:
            if column.split()[0] not in held:
                connection.execute(f"ALTER TABLE paintings ADD COLUMN {column}")
        self.expire(connection)

    def all(self) -> list[Painting]:
        """Every painting, the latest first."""
        return [_painting(row) for row in self.rows()]

    def create(self, request: NewPainting, weights: str | None = None) -> Painting:
        """Keep a new painting.

        Args:
            request: What it shall be.
            weights: Hash of the weights that draw it.

        Raises:
            UsageError: Its history does not hang together.
        """
        cursor = len(request.operations) if request.cursor is None else request.cursor
        check_history(request.operations, cursor)
        columns = request.model_dump(exclude={"operations", "cursor"})
        columns |= {
            "operations": _text(request.operations),
            "cursor": cursor,
            "branches": "[]",
            "weights": weights,
        }
        return self.get(self.insert({"revision": 1, **columns}))

    def get(self, identifier: str) -> Painting:
        """The painting of that identifier; the text of those written last is not read again.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        row = self.row(identifier)
        known, mark = self._at_hand.get(identifier), (row["revision"], row["updated"])
        return known if known is not None and (known.revision, known.updated) == mark else _painting(row)

    def save(self, identifier: str, request: SavePainting) -> Painting:
        """Replace a painting as a whole.

        Raises:
            ConflictError: It is not at the revision that the change was made from.
            UsageError: Its history does not hang together.
        """
        with self.transaction():
            old = self._checked(identifier, request.revision)
            changes = {"name": request.name, "operations": request.operations, "cursor": request.cursor}
            return self._write(old.model_copy(update=changes))

    def step(self, identifier: str, request: StepPainting) -> Kept:
        """Take one step; what a new operation after an undo would lose becomes a branch.

        Raises:
            ConflictError: It is not at the revision that the step was made from.
            UsageError: The step does not fit the history.
        """
        with self.transaction():
            old = self._checked(identifier, request.revision)
            keep, lost, branches = request.keep, old.operations[request.keep :], old.branches
            if keep > len(old.operations):
                raise UsageError(f"There are {len(old.operations)} operations to keep, got keep={keep}.")
            if (
                lost
            ):  # as the page does: what hangs on what is lost goes with it, what is restored is no branch
                restored = Branch(at=keep, operations=request.append)
                kept = [each for each in branches if each.at <= keep and each != restored]
                branches = [*kept, Branch(at=keep, operations=lost)]
            changes = {
                "operations": [*old.operations[:keep], *request.append],
                "cursor": request.cursor,
                "branches": branches[-_MOST_BRANCHES:],
            }
            return Kept(id=identifier, revision=self._write(old.model_copy(update=changes)).revision)

    def keep_picture(self, identifier: str, revision: int, jpeg: bytes) -> None:
        """Keep what a painting looks like, unless it has changed since."""
        change = "UPDATE paintings SET picture = ? WHERE id = ? AND revision = ?"
        with self.transaction() as connection:
            connection.execute(change, (jpeg, identifier, revision))

    def picture(self, identifier: str) -> bytes | None:
        """What it looked like when that was kept last, as JPEG.

        Raises:
            NotFoundError: There is no such painting, or it was deleted.
        """
        kept: bytes | None = self.row(identifier)["picture"]
        return kept

    def on_photo(self, photo: str) -> str | None:
        """The painting on a photo that was worked on last; `None` where there is none."""
        query = "SELECT id FROM paintings WHERE photo = ? AND deleted = 0 ORDER BY updated DESC"
        with self.transaction() as connection:
            return next((str(row["id"]) for row in connection.execute(query, (photo,))), None)

    def mark_photo(self, photo: str, *, deleted: bool) -> None:
        """Put the paintings on a photo away with it, or bring those back."""
        now = -int(time.time())
        change = f"deleted = {now} WHERE deleted = 0" if deleted else "deleted = 0 WHERE deleted < 0"
        with self.transaction() as connection:
            connection.execute(f"UPDATE paintings SET {change} AND photo = ?", (photo,))

    def _checked(self, identifier: str, revision: int) -> Painting:
        painting = self.get(identifier)
        check_revision("painting", painting.revision, revision)
        return painting

    def _write(self, painting: Painting) -> Painting:
        if len(painting.operations) > MOST_OPERATIONS:
            raise UsageError(
                f"A painting holds at most {MOST_OPERATIONS} operations.", "Export it and go on from there."
            )
        check_history(painting.operations, painting.cursor)
        new = painting.model_copy(update={"revision": painting.revision + 1, "updated": time.time()})
        self.update(
            new.id,
            revision=new.revision,
            name=new.name,
            operations=_text(new.operations),
            cursor=new.cursor,
            branches=_BRANCHES.dump_json(new.branches).decode(),
            updated=new.updated,
        )
        self._at_hand.pop(new.id, None)
        self._at_hand[new.id] = new
        if len(self._at_hand) > _AT_HAND:
            del self._at_hand[next(iter(self._at_hand))]
        return new


def _text(operations: Sequence[Operation]) -> str:
    return _OPERATIONS.dump_json(list(operations)).decode()


def _painting(row: sqlite3.Row) -> Painting:
    columns = {name: row[name] for name in row.keys() if name not in ("deleted", "picture")}  # noqa: SIM118
    lists = {name: json.loads(row[name]) for name in ("operations", "branches")}
    return Painting.model_validate(columns | lists)


def summary_of(painting: Painting) -> PaintingSummary:
    """Its row in the list of paintings."""
    named = painting.model_dump(include=set(PaintingSummary.model_fields) - {"strokes"})
    picture = f"api/paintings/{painting.id}/picture.jpg?revision={painting.revision}"
    return PaintingSummary(**named, strokes=len(painting.strokes), picture=picture)
