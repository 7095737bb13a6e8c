from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from inscape.statistics import _label_sums


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[str]]]:
    """Lets a product of that name be measured as the faster one; gives the names of all that are measured."""

    def measure_falsely(name: str) -> list[str]:
        measured: list[str] = []

        def seconds(product: _label_sums.Product) -> float:
            measured.append(product.__name__)
            return 1.0 if product.__name__ == name else 2.0

        monkeypatch.setattr(_label_sums, "_seconds", seconds)
        _label_sums._fastest.cache_clear()
        return measured

    yield measure_falsely
    _label_sums._fastest.cache_clear()
