from __future__ import annotations

import numpy as np
import pytest

from inscape.editing import EditStack, UnitEdit
from inscape.errors import RecipeError, ValueRangeError
from small_generators import small_generator


def edits(count):
    return [UnitEdit("layer16a", (n % 8,), np.array([float(n)])) for n in range(count)]


def test_two_hundred_undos_step_back_exactly_and_redo_steps_forward():
    stack, states = EditStack(), [()]
    for edit in edits(200):
        stack.add(edit)
        states.append(stack.edits)
    for state in reversed(states[:-1]):
        assert stack.undo()
        assert stack.edits == state
    assert not stack.undo() and not stack.can_undo
    for state in states[1:]:
        assert stack.redo()
        assert stack.edits == state
    assert not stack.redo() and not stack.can_redo


def test_hidden_edits_are_kept_but_not_applied():
    first, second, third = edits(3)
    stack = EditStack([first, second, third])
    stack.hide(1)
    assert stack.edits == (first, third) and len(stack) == 3
    stack.show(1)
    assert stack.edits == (first, second, third)
    assert stack.undo() and stack.edits == (first, third)


def test_any_step_can_be_jumped_to_and_none_is_lost():
    stack = EditStack()
    for edit in edits(4):
        stack.add(edit)
    stack.jump(1)
    assert stack.edits == tuple(edits(1)) and stack.steps == 5
    stack.jump(4)
    assert stack.edits == tuple(edits(4))
    with pytest.raises(ValueRangeError, match="steps 0 to 4, got 5"):
        stack.jump(5)


def test_a_change_after_an_undo_drops_what_was_undone():
    first, second, third = edits(3)
    stack = EditStack()
    stack.add(first)
    stack.add(second)
    stack.undo()
    stack.add(third)
    assert stack.edits == (first, third) and not stack.can_redo


def test_reset_remove_and_move_are_steps_too():
    first, second, third = edits(3)
    stack = EditStack([first, second, third])
    stack.move(0, 2)
    assert stack.edits == (second, third, first)
    stack.remove(1)
    assert stack.edits == (second, first)
    stack.reset()
    assert stack.edits == ()
    stack.jump(0)
    assert stack.edits == (first, second, third)
    with pytest.raises(ValueRangeError, match="3 edits, counted from 0; got 3"):
        stack.remove(3)


def test_a_stack_is_an_edit_and_its_order_matters():
    model = small_generator()
    picture = model.sample(5)
    low = UnitEdit("layer16a", (0, 1), np.array([6.0, 6.0]))
    high = UnitEdit("layer16a", (1,), np.array([-6.0]))
    one = model.render(picture.latent, [EditStack([low, high])])
    other = model.render(picture.latent, [EditStack([high, low])])
    assert (one.pixels != other.pixels).any()
    assert one.pixels.tobytes() == model.render(picture.latent, [low, high]).pixels.tobytes()


def test_a_saved_stack_is_the_same_hidden_edits_too():
    stack = EditStack(edits(3))
    stack.hide(1)
    again = EditStack.from_json(stack.to_json())
    assert again.entries == stack.entries and again.steps == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({}, "list of edits"),
        ([5], "is an object"),
        ([{"kind": "os.system"}], "no kind of edit 'os.system'"),
        ([{"kind": ["units"]}], "no kind of edit"),
        ([{"kind": "units", "hidden": 1}], "true or false"),
    ],
)
def test_a_malformed_stack_is_refused(rows, words):
    with pytest.raises(RecipeError, match=words):
        EditStack.from_json(rows)
