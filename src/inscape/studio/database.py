"""One SQLite file of the studio: opened when it is first needed, every change whole or not at all."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from inscape.errors import FormatError, StorageError


class Database:
    """A file of tables.

    Args:
        path: The file; made, with its folder, when it is first needed.
        what: What is kept there, for people: "paintings".
        prepare: Makes the tables, and tidies up; called once, when the file is opened.
    """

    def __init__(self, path: Path, what: str, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._path, self._what, self._prepare = path, what, prepare
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

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
        self._prepare(connection)
        connection.commit()
        return connection
