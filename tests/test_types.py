"""Types say what is passed: `Any` stays the exception."""

from __future__ import annotations

import ast
from pathlib import Path

import inscape

SOURCE = Path(inscape.__file__).parent
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MOST = 100


def uses_of_any(tree: ast.AST) -> list[int]:
    """The lines that use `Any` outside imports."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "Any")
        or (isinstance(node, ast.Attribute) and node.attr == "Any")
    ]


def test_any_is_used_in_fewer_places_than_the_bar():
    found = [
        f"{path.relative_to(folder.parent)}:{line}"
        for folder in (SOURCE, BENCHMARKS)
        for path in sorted(folder.rglob("*.py"))
        for line in uses_of_any(ast.parse(path.read_text()))
    ]
    assert len(found) < MOST, (
        f"Any is used {len(found)} times, the bar is {MOST}. Name the class, a Protocol or a TypeVar; "
        "`object` for what is checked before it is used; JsonObject and others of inscape.types. Lines:\n"
        + "\n".join(found)
    )


def test_uses_are_counted_outside_imports():
    source = "import typing\nfrom typing import Any\ndef f(x: Any) -> dict[str, typing.Any]: ...\n"
    assert uses_of_any(ast.parse(source)) == [3, 3]
