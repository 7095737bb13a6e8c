"""What people made on a page with a stack of edits: steps in an SQLite file, edits in files of their own."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import uuid
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import Field

from inscape import storage
from inscape.editing import AnyEdit, JointEdit, WeightEdit, load_edit
from inscape.errors import InscapeError, NotFoundError, UsageError
from inscape.studio.database import Database, check_revision
from inscape.studio.shapes import Identifier, Kept, Label, Message
from inscape.types import JsonObject

if TYPE_CHECKING:
    from inscape.models import Model

MOST_STEPS = 10_000
_TABLES = (
    "CREATE TABLE IF NOT EXISTS works (model TEXT PRIMARY KEY, revision INTEGER NOT NULL, "
    "note TEXT NOT NULL, cursor INTEGER NOT NULL, updated REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS steps (model TEXT NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL, "
    "PRIMARY KEY (model, position))",
    "CREATE TABLE IF NOT EXISTS edits (id TEXT PRIMARY KEY, model TEXT NOT NULL, info TEXT NOT NULL)",
)
_EARLIER = ("ALTER TABLE rules RENAME TO edits", "ALTER TABLE works RENAME COLUMN seeds TO note")
"""From how Inscape 0.1 kept rules."""
_UNNAMED_SECONDS = 3600.0
"""An edit that was made is named by a step a moment after it is kept; after an hour no step will."""

Strength = Annotated[float, Field(ge=0, le=4)]


class StackEntry(Message):
    """An edit in the stack."""

    rule: Identifier
    name: Label = ""
    strength: Strength = 1.0
    hidden: bool = False


Stack = Annotated[list[StackEntry], Field(max_length=200)]


class StackState(Message):
    """Everything on a page that undo takes back: the edits, lowest first."""

    stack: Stack = Field(default_factory=list)

    def named(self) -> set[str]:
        """The edits that it needs."""
        return {entry.rule for entry in self.stack}


class EditInfo(Message):
    """An edit that was made or loaded."""

    id: Identifier
    name: str
    model: str
    loss_before: float | None = Field(description="Mean distance to the goal, before and after.")
    loss: float | None
    created: float


class StepMessage(Message):
    """The steps become `steps[:keep] + append`; undo sends keep=length, append=[], another cursor.

    What is appended is a page's own.
    """

    revision: int = Field(description="The revision that this was made from.")
    keep: int = Field(ge=0)
    cursor: int = Field(ge=0)


S = TypeVar("S", bound=StackState)
I = TypeVar("I", bound=EditInfo)  # noqa: E741
E = TypeVar("E", bound=WeightEdit | JointEdit)


@dataclass(frozen=True)
class Held(Generic[S, I]):
    """The work on a model.

    Attributes:
        revision: 0 where there is none.
        note: What the page keeps beside the steps.
        steps: The states, oldest first.
        cursor: Which of them is shown.
        edits: What they are made of.
    """

    revision: int
    note: str
    steps: list[S]
    cursor: int
    edits: list[I]


class Works(Database, Generic[S, I, E]):
    """The work on every model, and the edits in it.

    Args:
        path: The SQLite file; made, with its folder, when it is first needed.
        folder: Where the edits are kept.

    Attributes:
        thing: What people call an edit of the page: "rule".
        state: What a step holds.
        info: What is said of an edit.
    """

    thing: ClassVar[str]
    state: type[S]
    info: type[I]

    def __init__(self, path: Path, folder: Path) -> None:
        super().__init__(path, f"{self.thing}s")
        self._folder = folder
        self._loaded = lru_cache(256)(lambda rule: self.read(self.file(rule)))

    @abstractmethod
    def fitting(self, edit: AnyEdit) -> E:
        """The edit, where it is of a kind that the page has.

        Raises:
            RecipeError: It is another one.
        """

    @abstractmethod
    def described(self, edit: E) -> JsonObject:
        """The fields that `info` has beside those of `EditInfo`."""

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables."""
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'rules'").fetchone():
            for change in _EARLIER:
                connection.execute(change)
        for table in _TABLES:
            connection.execute(table)

    def get(self, model: str) -> Held[S, I]:
        """The work on a model, empty where there is none; edits that no step names any more are let go."""
        with self.transaction() as connection:
            row = connection.execute("SELECT * FROM works WHERE model = ?", (model,)).fetchone()
            steps = connection.execute(
                "SELECT state FROM steps WHERE model = ? ORDER BY position", (model,)
            ).fetchall()
            edits = connection.execute("SELECT info FROM edits WHERE model = ?", (model,)).fetchall()
        states = [self.state.model_validate_json(step["state"]) for step in steps]
        infos = [self.info.model_validate_json(edit["info"]) for edit in edits]
        named = {each for state in states for each in state.named()}
        settled = time.time() - _UNNAMED_SECONDS
        gone = [info.id for info in infos if info.id not in named and info.created < settled]
        if gone:
            self._remove(gone)
        kept = [info for info in infos if info.id not in gone]
        if row is None:
            return Held(0, "", states, 0, kept)
        return Held(row["revision"], row["note"], states, row["cursor"], kept)

    def _remove(self, identifiers: Sequence[str]) -> None:
        with self.transaction() as connection:
            connection.executemany("DELETE FROM edits WHERE id = ?", [(each,) for each in identifiers])
        for each in identifiers:
            with contextlib.suppress(OSError):
                self.file(each).unlink()

    def step(self, model: str, request: StepMessage, append: Sequence[S], note: str) -> Kept:
        """Take steps, or go to another one.

        Raises:
            ConflictError: The work is not at the revision that the change was made from.
            UsageError: The steps do not hang together, or are too many.
            NotFoundError: A state names an edit that is not there.
        """
        with self.transaction() as connection:
            row = connection.execute("SELECT revision FROM works WHERE model = ?", (model,)).fetchone()
            revision = row["revision"] if row else 0
            check_revision("work", revision, request.revision)
            self._check(connection, model, request, append)
            connection.execute("DELETE FROM steps WHERE model = ? AND position >= ?", (model, request.keep))
            connection.executemany(
                "INSERT INTO steps VALUES (?, ?, ?)",
                [
                    (model, request.keep + number, state.model_dump_json())
                    for number, state in enumerate(append)
                ],
            )
            connection.execute(
                "INSERT OR REPLACE INTO works VALUES (?, ?, ?, ?, ?)",
                (model, revision + 1, note, request.cursor, time.time()),
            )
        return Kept(id=model, revision=revision + 1)

    def _check(
        self, connection: sqlite3.Connection, model: str, request: StepMessage, append: Sequence[S]
    ) -> None:
        held = connection.execute("SELECT COUNT(*) FROM steps WHERE model = ?", (model,)).fetchone()[0]
        total = request.keep + len(append)
        if request.keep > held:
            raise UsageError(f"There are {held} steps to keep, got keep={request.keep}.")
        if request.cursor >= max(1, total):
            raise UsageError(f"There are {total} steps, so none has the number {request.cursor}.")
        if total > MOST_STEPS:
            raise UsageError(
                f"The work on a model holds at most {MOST_STEPS} steps.", "Save its edits and start afresh."
            )
        self.need(model, {entry.rule for state in append for entry in state.stack})

    def add(self, model: str, edit: E, **more: Any) -> I:
        """Keep an edit; `more` are fields of its description."""
        identifier = uuid.uuid4().hex[:16]
        info = self.info(
            id=identifier,
            name=edit.name[:120],
            model=model,
            created=time.time(),
            **{name: number_of(edit.made.get(name)) for name in ("loss_before", "loss")},
            **self.described(edit),
            **more,
        )
        edit.save(self.file(identifier))
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO edits VALUES (?, ?, ?)", (identifier, model, info.model_dump_json())
            )
        return info

    def need(self, model: str, identifiers: Iterable[str]) -> None:
        """Make sure that edits are there.

        Raises:
            NotFoundError: One is not, or belongs to another model.
        """
        if missing := sorted(set(identifiers) - set(self._ids(model))):
            raise NotFoundError(
                f"there is no {self.thing} {missing[0]!r} for this model.", "It was made with another one."
            )

    def _ids(self, model: str) -> list[str]:
        with self.transaction() as connection:
            rows = connection.execute("SELECT id FROM edits WHERE model = ?", (model,)).fetchall()
        return [row["id"] for row in rows]

    def file(self, identifier: str) -> Path:
        """The file of an edit."""
        return self._folder / f"{identifier}.edit.safetensors"

    def forget(self, model: str) -> None:
        """Remove the work on a model that is there no more, with its edits."""
        with self.transaction() as connection:
            for table in ("works", "steps"):
                connection.execute(f"DELETE FROM {table} WHERE model = ?", (model,))
        self._remove(self._ids(model))

    def edits(self, model: str, stack: Sequence[StackEntry]) -> list[E]:
        """The edits of a stack that are on, lowest first.

        Raises:
            NotFoundError: One is not there.
        """
        shown = on(stack)
        self.need(model, [entry.rule for entry in shown])
        return [self._edit(entry) for entry in shown]

    def _edit(self, entry: StackEntry) -> E:
        edit = self._loaded(entry.rule).scaled(entry.strength)
        return replace(edit, name=entry.name or edit.name)  # type: ignore[return-value]

    def write(self, model: str, entry: StackEntry, path: Path) -> None:
        """Write an edit as a file of its own, with the name and strength that it has in the stack."""
        self.need(model, [entry.rule])
        self._edit(entry).save(path)

    def read(self, path: Path) -> E:
        """The edit of a file.

        Raises:
            FormatError: It holds none.
            RecipeError: It holds one that the page does not have.
        """
        try:
            edit = load_edit(path)
        except InscapeError as error:
            raise type(error)("This file holds no readable edit.", error.hint) from error
        return self.fitting(edit)

    def received(self, model: Model, data: bytes, *, transfer: bool) -> E:
        """The edit of a file that was sent, once it is known to fit.

        Raises:
            FormatError, RecipeError: It is none.
            LayerError, ShapeError, ConflictError: It does not fit the model.
        """
        with storage.scratch_file(self._folder) as path:
            path.write_bytes(data)
            edit = self.read(path)
        if transfer:
            edit = edit.transferred()  # type: ignore[assignment]
        edit.check(model)
        return edit


def on(stack: Sequence[StackEntry]) -> list[StackEntry]:
    """What of a stack changes anything."""
    return [entry for entry in stack if not entry.hidden and entry.strength > 0]


def number_of(value: object) -> float | None:
    """What a file says, where it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e30 else None
