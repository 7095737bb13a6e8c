"""Paintings that are kept: an SQLite file under the user's data folder, written at every operation."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from inscape.errors import ConflictError, NotFoundError, UsageError
from inscape.studio import history
from inscape.studio.database import Database
from inscape.studio.schemas import (
    MOST_OPERATIONS,
    Branch,
    Kept,
    NewPainting,
    Operation,
    Painting,
    PaintingSummary,
    SavePainting,
    StepPainting,
)

_TABLE = """
CREATE TABLE IF NOT EXISTS paintings (
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, name TEXT NOT NULL, model TEXT NOT NULL,
    seed INTEGER NOT NULL, truncation REAL NOT NULL, operations TEXT NOT NULL,
    cursor INTEGER NOT NULL, branches TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, class_index INTEGER,
    photo TEXT)
"""
"""`deleted` is the time, in seconds; below 0 where the photo was deleted, not the painting."""
_ADDED = ("class_index INTEGER", "photo TEXT")
"""Columns that files of earlier versions lack."""

_OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])
_BRANCHES: TypeAdapter[list[Branch]] = TypeAdapter(list[Branch])
_MOST_BRANCHES = 20
_KEEP_DELETED_SECONDS = 7 * 86400.0
_AT_HAND = 4


class Paintings:
    """The paintings of a user.

    Args:
        path: The SQLite file; made, with its folder, when it is first needed.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, "paintings", _prepare)
        self._open = self._database.transaction
        self._at_hand: OrderedDict[str, Painting] = OrderedDict()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def all(self) -> list[PaintingSummary]:
        """Every painting, the latest first."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT * FROM paintings WHERE deleted = 0 ORDER BY updated DESC"
            ).fetchall()
        return [_summary(_painting(row)) for row in rows]

    def create(self, request: NewPainting) -> Painting:
        """Keep a new painting.

        Raises:
            UsageError: Its history does not hang together.
        """
        cursor = len(request.operations) if request.cursor is None else request.cursor
        history.check(request.operations, cursor)
        now = time.time()
        painting = Painting(
            id=uuid.uuid4().hex[:16],
            revision=1,
            name=request.name,
            model=request.model,
            seed=request.seed,
            photo=request.photo,
            truncation=request.truncation,
            class_index=request.class_index,
            operations=request.operations,
            cursor=cursor,
            created=now,
            updated=now,
        )
        with self._open() as connection:
            connection.execute(
                "INSERT INTO paintings (id, revision, name, model, seed, truncation, operations, cursor, "
                "branches, created, updated, class_index, photo) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    painting.id,
                    painting.revision,
                    painting.name,
                    painting.model,
                    painting.seed,
                    painting.truncation,
                    _text(painting.operations),
                    cursor,
                    "[]",
                    now,
                    now,
                    painting.class_index,
                    painting.photo,
                ),
            )
        return painting

    def get(self, identifier: str) -> Painting:
        """The painting of that identifier.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        with self._open() as connection:
            return self._read(connection, identifier)

    def save(self, identifier: str, request: SavePainting) -> Painting:
        """Replace a painting as a whole.

        Raises:
            ConflictError: It is not at the revision that the change was made from.
            UsageError: Its history does not hang together.
        """
        with self._open() as connection:
            old = self._checked(connection, identifier, request.revision)
            new = old.model_copy(
                update={"name": request.name, "operations": request.operations, "cursor": request.cursor}
            )
            return self._write(connection, new)

    def step(self, identifier: str, request: StepPainting) -> Kept:
        """Take one step; what a new operation after an undo would lose becomes a branch.

        Raises:
            ConflictError: It is not at the revision that the step was made from.
            UsageError: The step does not fit the history.
        """
        with self._open() as connection:
            old = self._checked(connection, identifier, request.revision)
            if request.keep > len(old.operations):
                raise UsageError(
                    f"There are {len(old.operations)} operations to keep, got keep={request.keep}."
                )
            lost = old.operations[request.keep :]
            branches = old.branches
            if (
                lost
            ):  # as the page does: what hangs on what is lost goes with it, what is restored is no branch
                restored = Branch(at=request.keep, operations=request.append)
                kept = [each for each in branches if each.at <= request.keep and each != restored]
                branches = [*kept, Branch(at=request.keep, operations=lost)]
            new = old.model_copy(
                update={
                    "operations": [*old.operations[: request.keep], *request.append],
                    "cursor": request.cursor,
                    "branches": branches[-_MOST_BRANCHES:],
                }
            )
            return Kept(id=identifier, revision=self._write(connection, new).revision)

    def on_photo(self, photo: str) -> str | None:
        """The painting on a photo that was worked on last; `None` where there is none."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT id FROM paintings WHERE photo = ? AND deleted = 0 ORDER BY updated DESC", (photo,)
            ).fetchone()
        return None if row is None else str(row["id"])

    def mark_photo(self, photo: str, *, deleted: bool) -> None:
        """Put the paintings on a photo away with it, or bring those back."""
        now = -int(time.time())
        change = f"deleted = {now} WHERE deleted = 0" if deleted else "deleted = 0 WHERE deleted < 0"
        with self._open() as connection:
            connection.execute(f"UPDATE paintings SET {change} AND photo = ?", (photo,))

    def delete(self, identifier: str) -> None:
        """Put a painting away; it can be restored for a week."""
        self._mark(identifier, deleted=True)

    def restore(self, identifier: str) -> Painting:
        """Bring a deleted painting back."""
        self._mark(identifier, deleted=False)
        return self.get(identifier)

    def _mark(self, identifier: str, *, deleted: bool) -> None:
        with self._open() as connection:
            found = connection.execute(
                "UPDATE paintings SET deleted = ? WHERE id = ?",
                (int(time.time()) if deleted else 0, identifier),
            )
            if found.rowcount == 0:
                raise _missing(identifier)

    def _row(self, connection: sqlite3.Connection, identifier: str) -> sqlite3.Row:
        row: sqlite3.Row | None = connection.execute(
            "SELECT * FROM paintings WHERE id = ? AND deleted = 0", (identifier,)
        ).fetchone()
        if row is None:
            raise _missing(identifier)
        return row

    def _read(self, connection: sqlite3.Connection, identifier: str) -> Painting:
        """A painting; the text of those written last is not read again while nobody else has written."""
        row = self._row(connection, identifier)
        known = self._at_hand.get(identifier)
        mark = (row["revision"], row["updated"])
        return known if known is not None and (known.revision, known.updated) == mark else _painting(row)

    def _checked(self, connection: sqlite3.Connection, identifier: str, revision: int) -> Painting:
        painting = self._read(connection, identifier)
        if painting.revision != revision:
            raise ConflictError(
                f"This painting is at revision {painting.revision}; the change was made from {revision}.",
                "It is open in another tab or window; load it again to go on from there.",
            )
        return painting

    def _write(self, connection: sqlite3.Connection, painting: Painting) -> Painting:
        if len(painting.operations) > MOST_OPERATIONS:
            raise UsageError(
                f"A painting holds at most {MOST_OPERATIONS} operations.", "Export it and go on from there."
            )
        history.check(painting.operations, painting.cursor)
        new = painting.model_copy(update={"revision": painting.revision + 1, "updated": time.time()})
        connection.execute(
            "UPDATE paintings SET revision = ?, name = ?, operations = ?, cursor = ?, branches = ?, "
            "updated = ? WHERE id = ?",
            (
                new.revision,
                new.name,
                _text(new.operations),
                new.cursor,
                _BRANCHES.dump_json(new.branches).decode(),
                new.updated,
                new.id,
            ),
        )
        self._at_hand[new.id] = new
        self._at_hand.move_to_end(new.id)
        while len(self._at_hand) > _AT_HAND:
            self._at_hand.popitem(last=False)
        return new


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(_TABLE)
    held = {row["name"] for row in connection.execute("PRAGMA table_info(paintings)")}
    for column in _ADDED:
        if column.split()[0] not in held:
            connection.execute(f"ALTER TABLE paintings ADD COLUMN {column}")
    oldest = time.time() - _KEEP_DELETED_SECONDS
    connection.execute(
        "DELETE FROM paintings WHERE deleted != 0 AND max(abs(deleted), updated) < ?", (oldest,)
    )


def _missing(identifier: str) -> NotFoundError:
    return NotFoundError(f"there is no painting {identifier[:40]!r}.", "It was deleted.")


def _text(operations: Sequence[Operation]) -> str:
    return _OPERATIONS.dump_json(list(operations)).decode()


def _painting(row: sqlite3.Row) -> Painting:
    return Painting(
        id=row["id"],
        revision=row["revision"],
        name=row["name"],
        model=row["model"],
        seed=row["seed"],
        photo=row["photo"],
        truncation=row["truncation"],
        class_index=row["class_index"],
        operations=json.loads(row["operations"]),
        cursor=row["cursor"],
        branches=json.loads(row["branches"]),
        created=row["created"],
        updated=row["updated"],
    )


def _summary(painting: Painting) -> PaintingSummary:
    return PaintingSummary(
        id=painting.id,
        revision=painting.revision,
        name=painting.name,
        model=painting.model,
        seed=painting.seed,
        photo=painting.photo,
        class_index=painting.class_index,
        strokes=len(history.visible_strokes(painting.operations, painting.cursor)),
        updated=painting.updated,
        picture=f"api/paintings/{painting.id}/picture.jpg?revision={painting.revision}",
    )
