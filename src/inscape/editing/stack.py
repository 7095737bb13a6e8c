"""The stack of edits, with its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inscape.editing.kinds import AnyEdit, edit_from_json
from inscape.errors import RecipeError, ValueRangeError
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from inscape.models import Model


@dataclass(frozen=True)
class StackedEdit:
    """One entry of a stack.

    Args:
        edit: The edit.
        hidden: Kept, but not applied.
    """

    edit: AnyEdit
    hidden: bool = False


class EditStack:
    """An ordered stack of edits, with unlimited undo and redo.

    Later edits apply after earlier ones, so the order matters where they overlap. Every change is a step that
    can be undone, redone or jumped to. A new change after an undo drops the undone steps.

    Args:
        edits: What the stack starts with; this is its step 0.
    """

    def __init__(self, edits: Sequence[AnyEdit | StackedEdit] = ()) -> None:
        first = tuple(edit if isinstance(edit, StackedEdit) else StackedEdit(edit) for edit in edits)
        self._steps: list[tuple[StackedEdit, ...]] = [first]
        self._position = 0

    def __len__(self) -> int:
        """The number of entries, hidden ones too."""
        return len(self.entries)

    def __iter__(self) -> Iterator[StackedEdit]:
        """The entries, lowest first."""
        return iter(self.entries)

    @property
    def entries(self) -> tuple[StackedEdit, ...]:
        """Every entry of this step, lowest first."""
        return self._steps[self._position]

    @property
    def edits(self) -> tuple[AnyEdit, ...]:
        """What is applied: the edits that are not hidden, lowest first."""
        return tuple(entry.edit for entry in self.entries if not entry.hidden)

    @property
    def position(self) -> int:
        """The step that is shown, counted from 0."""
        return self._position

    @property
    def steps(self) -> int:
        """The number of steps that can be jumped to."""
        return len(self._steps)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step before this one."""
        return self._position > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step after this one."""
        return self._position + 1 < len(self._steps)

    def add(self, edit: AnyEdit) -> None:
        """Put an edit on top."""
        self._step((*self.entries, StackedEdit(edit)))

    def remove(self, index: int) -> None:
        """Take an entry out.

        Raises:
            ValueRangeError: There is no such entry.
        """
        self._check(index)
        self._step(self.entries[:index] + self.entries[index + 1 :])

    def hide(self, index: int, hidden: bool = True) -> None:
        """Keep an entry but do not apply it.

        Raises:
            ValueRangeError: There is no such entry.
        """
        self._check(index)
        entries = list(self.entries)
        entries[index] = replace(entries[index], hidden=hidden)
        self._step(tuple(entries))

    def show(self, index: int) -> None:
        """Apply a hidden entry again."""
        self.hide(index, hidden=False)

    def move(self, index: int, to: int) -> None:
        """Put an entry at another place in the order.

        Raises:
            ValueRangeError: There is no such entry or place.
        """
        self._check(index)
        self._check(to)
        entries = list(self.entries)
        entries.insert(to, entries.pop(index))
        self._step(tuple(entries))

    def reset(self) -> None:
        """Empty the stack; this is a step too and can be undone."""
        self._step(())

    def undo(self) -> bool:
        """Undo one step. Returns whether there was one."""
        if not self.can_undo:
            return False
        self._position -= 1
        return True

    def redo(self) -> bool:
        """Redo one step. Returns whether there was one."""
        if not self.can_redo:
            return False
        self._position += 1
        return True

    def jump(self, step: int) -> None:
        """Show any step; none is lost.

        Raises:
            ValueRangeError: There is no such step.
        """
        if not 0 <= step < len(self._steps):
            raise ValueRangeError(f"This stack has the steps 0 to {len(self._steps) - 1}, got {step}.")
        self._position = step

    def applied(self, model: Model) -> AbstractContextManager[None]:
        """Apply what is not hidden while the block runs; a stack is an edit itself."""
        return model.edited(self.edits)

    def to_json(self) -> list[JsonObject]:
        """The entries of this step: edits as they are saved, with `hidden`."""
        return [{**entry.edit.to_json(), "hidden": entry.hidden} for entry in self.entries]

    @classmethod
    def from_json(cls, rows: Sequence[JsonMapping]) -> EditStack:
        """Read what `to_json` wrote.

        Raises:
            RecipeError: It is not a list of edits.
        """
        if not isinstance(rows, list):
            raise RecipeError("A stack is a list of edits.")
        entries = []
        for row in rows:
            if not isinstance(row, Mapping):
                raise RecipeError("Each edit of a stack is an object.")
            hidden = row.get("hidden", False)
            if not isinstance(hidden, bool):
                raise RecipeError("Whether an edit is hidden is true or false.")
            edit = edit_from_json({name: value for name, value in row.items() if name != "hidden"})
            entries.append(StackedEdit(edit, hidden))
        return cls(entries)

    def _step(self, entries: tuple[StackedEdit, ...]) -> None:
        del self._steps[self._position + 1 :]
        self._steps.append(entries)
        self._position += 1

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self.entries):
            raise ValueRangeError(f"This stack has {len(self.entries)} edits, counted from 0; got {index}.")
