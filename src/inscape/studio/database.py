"""The SQLite files of the studio: opened when they are first needed, every change whole or not at all."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from inscape.errors import ConflictError, FormatError, NotFoundError, StorageError

_KEEP_DELETED_SECONDS = 7 * 86400.0


class Database:
    """A file of tables.

    Args:
        path: The file; made, with its folder, when it is first needed.
        what: What is kept there, for people: "paintings".
    """

    def __init__(self, path: Path, what: str) -> None:
        self._path, self._what = path, what
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables, and tidy up; called once, when the file is opened."""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything in the block is written, or nothing.

        Raises:
            StorageError: The file cannot be written.
            FormatError: It is damaged.
        """
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                with self._connection:
                    yield self._connection
            except sqlite3.OperationalError as error:
                raise StorageError(
                    f"The {self._what} in {self._path} cannot be written: {error}.",
                    "Free some space, or set INSCAPE_HOME to a folder that can be written.",
                ) from error
            except sqlite3.DatabaseError as error:
                raise FormatError(
                    f"{self._path} is damaged: {error}.", "Move it away; the studio starts a new one."
                ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connect(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self._path.parent} cannot be made: {error.strerror or error}.",
                "Set INSCAPE_HOME to a folder that can be written.",
            ) from error
        connection = sqlite3.connect(self._path, check_same_thread=False, timeout=5)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        self.prepare(connection)
        connection.commit()
        return connection


class Shelf(Database):
    """Things that a person keeps, a row each, which can be deleted and restored for a week.

    Their table has the columns `id`, `created`, `updated` and `deleted`: the time, in whole seconds; below 0
    where it was deleted with something else that it belongs to.

    Args:
        path: The SQLite file.
        thing: What is kept, for people: "painting". The table is called by its plural.
    """

    def __init__(self, path: Path, thing: str) -> None:
        super().__init__(path, f"{thing}s")
        self._thing = thing

    def rows(self) -> list[sqlite3.Row]:
        """The rows of what is not deleted, the latest first."""
        query = f"SELECT * FROM {self._what} WHERE deleted = 0 ORDER BY updated DESC"
        with self.transaction() as connection:
            return connection.execute(query).fetchall()

    def row(self, identifier: str) -> sqlite3.Row:
        """The row of that identifier.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        query = f"SELECT * FROM {self._what} WHERE id = ? AND deleted = 0"
        with self.transaction() as connection:
            found: sqlite3.Row | None = connection.execute(query, (identifier,)).fetchone()
        if found is None:
            raise self._missing(identifier)
        return found

    def insert(self, columns: Mapping[str, object], connection: sqlite3.Connection | None = None) -> str:
        """Keep one more, and return its identifier: a new one unless given."""
        now = time.time()
        whole = {"id": uuid.uuid4().hex[:16], "created": now, "updated": now, **columns}
        marks = ", ".join("?" * len(whole))
        with self.transaction() if connection is None else contextlib.nullcontext(connection) as into:
            into.execute(
                f"INSERT INTO {self._what} ({', '.join(whole)}) VALUES ({marks})", tuple(whole.values())
            )
        return str(whole["id"])

    def update(self, identifier: str, **columns: object) -> None:
        """Change some columns of one.

        Raises:
            NotFoundError: There is none.
        """
        names = ", ".join(f"{name} = ?" for name in columns)
        with self.transaction() as connection:
            changed = connection.execute(
                f"UPDATE {self._what} SET {names} WHERE id = ?", (*columns.values(), identifier)
            )
        if not changed.rowcount:
            raise self._missing(identifier)

    def delete(self, identifier: str) -> None:
        """Put one away; it can be restored for a week."""
        self.update(identifier, deleted=int(time.time()))

    def restore(self, identifier: str) -> None:
        """Bring a deleted one back."""
        self.update(identifier, deleted=0)

    def expire(self, connection: sqlite3.Connection) -> list[str]:
        """Let go what was deleted more than a week ago; their identifiers are returned."""
        condition = "deleted != 0 AND max(abs(deleted), updated) < ?"
        oldest = (time.time() - _KEEP_DELETED_SECONDS,)
        gone = connection.execute(f"SELECT id FROM {self._what} WHERE {condition}", oldest).fetchall()
        connection.execute(f"DELETE FROM {self._what} WHERE {condition}", oldest)
        return [row["id"] for row in gone]

    def _missing(self, identifier: str) -> NotFoundError:
        return NotFoundError(f"there is no {self._thing} {identifier[:40]!r}.", "It was deleted.")


def check_revision(what: str, held: int, made_from: int) -> None:
    """Refuse a change that was made from what is not there any more.

    Raises:
        ConflictError: Somebody else has changed it since.
    """
    if held != made_from:
        raise ConflictError(
            f"This {what} is at revision {held}; the change was made from {made_from}.",
            "It is open in another tab or window; load it again to go on from there.",
        )
