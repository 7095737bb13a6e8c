"""What the page asks of rules, as the library has it: tasks, made here or written down for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

import inscape
from inscape.errors import RegionError, UsageError
from inscape.regions import Region
from inscape.studio.pages.rewrite.shapes import (
    EraseGoal,
    PasteGoal,
    RuleGoal,
    RuleRequest,
    Selection,
)
from inscape.studio.shapes import region_of
from inscape.studio.works import StackEntry

if TYPE_CHECKING:
    from inscape.rewriting import PreparedTask
    from inscape.rewriting.task import TaskGoal

_STACK: TypeAdapter[list[StackEntry]] = TypeAdapter(list[StackEntry])


def parse_stack(text: str) -> list[StackEntry]:
    """`0123456789abcdef:0.5,…` as a stack.

    Raises:
        UsageError: It is not written like that.
    """
    parts = [part.partition(":") for part in text.split(",") if part]
    try:
        return _STACK.validate_python([{"rule": rule, "strength": of or "1"} for rule, _, of in parts])
    except ValidationError as error:
        raise UsageError(
            f"Rules are listed as identifier:strength, separated by commas, got {text[:100]!r}."
        ) from error


def places_of(selections: Sequence[Selection]) -> tuple[tuple[int, Region], ...]:
    """Pictures and where in them."""
    return tuple((each.seed, region_of(each.region)) for each in selections)


def prepared(request: RuleRequest) -> PreparedTask:
    """The rule that a request asks for, before it is made in a layer.

    Raises:
        RegionError: Its context is empty.
    """
    from inscape.rewriting import PreparedTask

    if not request.context:
        raise RegionError("The context is empty.", "Brush over what the rule is about.")
    return PreparedTask(
        places_of(request.context),
        tuple(_goal(goal) for goal in request.goals),
        places_of(request.protect),
        inscape.RuleSettings(**request.choices.model_dump(exclude={"layer"})),
        request.name or "Rule",
    )


def task_text(request: RuleRequest, layer: str) -> str:
    """The same rule as a task for the command line, as TOML; of the plain network, whatever is on.

    Raises:
        FormatError, RegionError: A region cannot be read.
        UsageError: The context or the goal is missing, or something else is erased than the context.
    """
    from inscape.rewriting.task import Context, ContextPlace, Task

    places, protect = (
        tuple(ContextPlace(seed=each.seed, box=_written(each)) for each in selections)
        for selections in (request.context, request.protect)
    )
    goal = _task_goal(request)
    if not places or not (goal.paste or goal.erase):
        raise UsageError("A task has a context and a goal.", "Mark both.")
    return Task(
        name=request.name,
        layer=layer,
        context=Context(places=places, protect=protect),
        goal=goal,
        settings=request.choices.model_dump(exclude={"layer"}, exclude_none=True),
    ).to_toml()


def _written(selection: Selection) -> Any:
    """A region as a task has it; masks come out smaller than the page sends them."""
    found = region_of(selection.region).to_json()
    return found.get("box", found)


def _task_goal(request: RuleRequest) -> TaskGoal:
    from inscape.rewriting.task import GoalPaste, TaskGoal

    erased = [goal for goal in request.goals if isinstance(goal, EraseGoal)]
    pastes = tuple(
        GoalPaste(
            source=goal.source.seed,
            copied=_written(goal.source),
            target=goal.target.seed,
            place=_written(goal.target),
            scale=goal.scale,
        )
        for goal in request.goals
        if isinstance(goal, PasteGoal)
    )
    if not erased:
        return TaskGoal(paste=pastes)
    units = {goal.units for goal in erased}
    if pastes or len(units) > 1 or [goal.target for goal in erased] != request.context:
        raise UsageError("A task either pastes, or erases the same number of units in every context.")
    return TaskGoal(erase=units.pop(), pictures=len(erased))


def _goal(goal: RuleGoal) -> inscape.Paste | inscape.Erase:

    target = (goal.target.seed, region_of(goal.target.region))
    if isinstance(goal, EraseGoal):
        return inscape.Erase(*target, goal.units)
    return inscape.Paste(goal.source.seed, region_of(goal.source.region), *target, goal.scale)
