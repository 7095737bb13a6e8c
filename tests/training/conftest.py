"""What the tests of training share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inscape.training import _machine


@pytest.fixture(scope="module", autouse=True)
def one_way_to_step() -> Iterator[None]:
    """Every run takes its steps in one way: two runs may measure otherwise, and sums depend on threads.

    That holds for runs that several tests of a file share, too.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_machine, "ways", lambda device: [_machine.Way(1, False)])
        yield
