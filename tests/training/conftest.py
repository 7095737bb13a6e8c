"""What the tests of training share."""

from __future__ import annotations

import pytest

from inscape.training import _machine


@pytest.fixture(autouse=True)
def one_way_to_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run takes its steps in one way: two runs may measure otherwise, and sums depend on threads."""
    monkeypatch.setattr(_machine, "ways", lambda device: [_machine.Way(1, False)])
