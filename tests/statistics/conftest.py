from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from inscape.statistics import _masks


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[str]]]:
    """Lets a product of that name be measured as the faster one; gives the names of all that are measured."""

    def measure_falsely(name: str) -> list[str]:
        measured: list[str] = []

        def seconds(product: _masks.Product) -> float:
            measured.append(product.__name__)
            return 1.0 if product.__name__ == name else 2.0

        monkeypatch.setattr(_masks, "_seconds", seconds)
        _masks._fastest.cache_clear()
        return measured

    yield measure_falsely
    _masks._fastest.cache_clear()
