"""What people made on the page Rewrite: every step in an SQLite file, every rule in a file of its own."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import inscape
from inscape.errors import NotFoundError, UsageError
from inscape.studio.database import Database, check_revision
from inscape.studio.pages.rewrite.shapes import MOST_STEPS, RuleInfo, StepWork, Work, WorkState
from inscape.studio.shapes import Kept

_TABLES = (
    "CREATE TABLE IF NOT EXISTS works (model TEXT PRIMARY KEY, revision INTEGER NOT NULL, "
    "seeds TEXT NOT NULL, cursor INTEGER NOT NULL, updated REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS steps (model TEXT NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL, "
    "PRIMARY KEY (model, position))",
    "CREATE TABLE IF NOT EXISTS rules (id TEXT PRIMARY KEY, model TEXT NOT NULL, info TEXT NOT NULL)",
)
_UNNAMED_SECONDS = 3600.0
"""A rule is made before the step that names it is kept; after an hour no step will."""


class Works(Database):
    """The work on every model, and the rules in it.

    Args:
        path: The SQLite file; made, with its folder, when it is first needed.
        folder: Where the rules are kept.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        super().__init__(path, "rules")
        self._folder = folder

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables."""
        for table in _TABLES:
            connection.execute(table)

    def get(self, model: str, *, command_model: str) -> Work:
        """The work on a model, empty where there is none; rules that no step names any more are let go."""
        with self.transaction() as connection:
            row = connection.execute("SELECT * FROM works WHERE model = ?", (model,)).fetchone()
            steps = connection.execute(
                "SELECT state FROM steps WHERE model = ? ORDER BY position", (model,)
            ).fetchall()
            rules = connection.execute("SELECT info FROM rules WHERE model = ?", (model,)).fetchall()
        states = [WorkState.model_validate_json(step["state"]) for step in steps]
        infos = [RuleInfo.model_validate_json(rule["info"]) for rule in rules]
        named = {entry.rule for state in states for entry in state.stack} | {state.making for state in states}
        settled = time.time() - _UNNAMED_SECONDS
        gone = [info.id for info in infos if info.id not in named and info.created < settled]
        if gone:
            self._remove(gone)
        return Work(
            model=model,
            revision=row["revision"] if row else 0,
            seeds=row["seeds"] if row else "",
            steps=states,
            cursor=row["cursor"] if row else 0,
            rules=[info for info in infos if info.id not in gone],
            command_model=command_model,
        )

    def _remove(self, identifiers: Sequence[str]) -> None:
        with self.transaction() as connection:
            connection.executemany("DELETE FROM rules WHERE id = ?", [(each,) for each in identifiers])
        for each in identifiers:
            with contextlib.suppress(OSError):
                self.file(each).unlink()

    def step(self, model: str, request: StepWork) -> Kept:
        """Take steps, or go to another one.

        Raises:
            ConflictError: The work is not at the revision that the change was made from.
            UsageError: The steps do not hang together, or are too many.
            NotFoundError: A state names a rule that is not there.
        """
        with self.transaction() as connection:
            row = connection.execute("SELECT revision FROM works WHERE model = ?", (model,)).fetchone()
            revision = row["revision"] if row else 0
            check_revision("work", revision, request.revision)
            self._check(connection, model, request)
            connection.execute("DELETE FROM steps WHERE model = ? AND position >= ?", (model, request.keep))
            connection.executemany(
                "INSERT INTO steps VALUES (?, ?, ?)",
                [
                    (model, request.keep + number, state.model_dump_json())
                    for number, state in enumerate(request.append)
                ],
            )
            connection.execute(
                "INSERT OR REPLACE INTO works VALUES (?, ?, ?, ?, ?)",
                (model, revision + 1, request.seeds, request.cursor, time.time()),
            )
        return Kept(id=model, revision=revision + 1)

    def _check(self, connection: sqlite3.Connection, model: str, request: StepWork) -> None:
        held = connection.execute("SELECT COUNT(*) FROM steps WHERE model = ?", (model,)).fetchone()[0]
        total = request.keep + len(request.append)
        if request.keep > held:
            raise UsageError(f"There are {held} steps to keep, got keep={request.keep}.")
        if request.cursor >= max(1, total):
            raise UsageError(f"There are {total} steps, so none has the number {request.cursor}.")
        if total > MOST_STEPS:
            raise UsageError(
                f"The work on a model holds at most {MOST_STEPS} steps.", "Save its edits and start afresh."
            )
        self.need(model, {entry.rule for state in request.append for entry in state.stack})

    def add(self, model: str, edit: inscape.WeightEdit) -> RuleInfo:
        """Keep a rule."""
        identifier = uuid.uuid4().hex[:16]
        info = RuleInfo(
            id=identifier,
            name=edit.name[:120],
            model=model,
            layer=edit.layer,
            rank=edit.rank,
            created=time.time(),
            **{name: _number(edit.made.get(name)) for name in ("loss_before", "loss", "change")},
        )
        edit.save(self.file(identifier))
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO rules VALUES (?, ?, ?)", (identifier, model, info.model_dump_json())
            )
        return info

    def need(self, model: str, identifiers: Iterable[str]) -> None:
        """Make sure that rules are there.

        Raises:
            NotFoundError: One is not, or belongs to another model.
        """
        if missing := sorted(set(identifiers) - set(self._ids(model))):
            raise NotFoundError(
                f"there is no rule {missing[0]!r} for this model.", "It was made with another one."
            )

    def _ids(self, model: str) -> list[str]:
        with self.transaction() as connection:
            rows = connection.execute("SELECT id FROM rules WHERE model = ?", (model,)).fetchall()
        return [row["id"] for row in rows]

    def file(self, identifier: str) -> Path:
        """The file of a rule."""
        return self._folder / f"{identifier}.edit.safetensors"

    def forget(self, model: str) -> None:
        """Remove the work on a model that is there no more, with its rules."""
        with self.transaction() as connection:
            for table in ("works", "steps"):
                connection.execute(f"DELETE FROM {table} WHERE model = ?", (model,))
        self._remove(self._ids(model))


def _number(value: object) -> float | None:
    """What a file says, where it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e30 else None
