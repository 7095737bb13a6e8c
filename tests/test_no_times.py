"""No test judges how long something takes: machines differ, and benchmarks measure ratios within one run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CLOCKS = {"perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "thread_time", "timeit"}
CLOCKS |= {"ru_utime", "ru_stime"}
MEASURED = {"seconds", "cpu", "wall", "cpu_seconds", "wall_seconds", "milliseconds", "ms", "elapsed"}


def named(node: ast.AST) -> str | None:
    """The last name of an expression: `b` of `a.b`, of `a["b"]` and of `b`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return None


def limits(tree: ast.AST) -> Iterator[ast.Compare]:
    """Comparisons in assertions that hold a time below a number."""
    for assertion in (node for node in ast.walk(tree) if isinstance(node, ast.Assert)):
        for found in (node for node in ast.walk(assertion.test) if isinstance(node, ast.Compare)):
            sides = [found.left, *found.comparators]
            for left, kind, right in zip(sides, found.ops, sides[1:], strict=False):
                less, more = (left, right) if isinstance(kind, ast.Lt | ast.LtE) else (right, left)
                ordered = isinstance(kind, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
                times = {named(node) for node in ast.walk(less)} & MEASURED
                if ordered and times and isinstance(more, ast.Constant | ast.Name | ast.BinOp):
                    yield found


def faults(text: str) -> list[int]:
    """Lines that read a clock for processor time or fine intervals, or limit a time."""
    tree = ast.parse(text)
    clocks = [node for node in ast.walk(tree) if isinstance(node, ast.expr) and named(node) in CLOCKS]
    return sorted({node.lineno for node in [*clocks, *limits(tree)]})


def test_no_test_asserts_a_time():
    others = [path for path in sorted(TESTS.rglob("*.py")) if path != Path(__file__)]
    found = {str(path.relative_to(TESTS)): faults(path.read_text(encoding="utf-8")) for path in others}
    assert len(found) > 100 and not {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize(
    "text",
    [
        "began = time.process_time()",
        'assert result["cpu"] < 2',
        'assert 4.0 >= report.seconds["total"]',
        "assert most > found.elapsed",
        "assert end - elapsed < 1",
    ],
)
def test_a_limit_is_found(text):
    assert faults(text) == [1]


@pytest.mark.parametrize(
    "text", ['assert {"seconds"} <= set(document)', "assert 0 < parts <= report.seconds"]
)
def test_what_is_no_limit_is_not(text):
    assert faults(text) == []
