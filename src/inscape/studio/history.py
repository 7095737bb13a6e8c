"""What a list of operations and an undo cursor amount to."""

from __future__ import annotations

from collections.abc import Sequence

from inscape.errors import UsageError
from inscape.studio.schemas import AddStroke, DeleteStroke, HideStroke, Operation, Reset, Stroke


def visible_strokes(operations: Sequence[Operation], cursor: int) -> list[Stroke]:
    """The strokes that are to be drawn after the first `cursor` operations, in order."""
    strokes: dict[str, Stroke] = {}
    hidden: set[str] = set()
    for operation in operations[:cursor]:
        match operation:
            case AddStroke():
                strokes[operation.stroke.id] = operation.stroke
            case HideStroke():
                (hidden.add if operation.hidden else hidden.discard)(operation.stroke)
            case DeleteStroke():
                strokes.pop(operation.stroke, None)
            case Reset():
                strokes.clear()
    return [stroke for name, stroke in strokes.items() if name not in hidden]


def check(operations: Sequence[Operation], cursor: int) -> None:
    """Refuse a history that does not hang together.

    Raises:
        UsageError: The cursor lies outside, two strokes share a name, or an operation names no stroke.
    """
    if not 0 <= cursor <= len(operations):
        raise UsageError(f"The undo cursor lies between 0 and {len(operations)}, got {cursor}.")
    known: set[str] = set()
    for number, operation in enumerate(operations):
        if isinstance(operation, AddStroke):
            if operation.stroke.id in known:
                raise UsageError(f"Operation {number} adds the stroke {operation.stroke.id!r} a second time.")
            known.add(operation.stroke.id)
        elif isinstance(operation, HideStroke | DeleteStroke) and operation.stroke not in known:
            raise UsageError(f"Operation {number} names a stroke that was not painted before it.")
