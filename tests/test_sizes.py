"""Functions stay short, files small, and calls readable; what is generated apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ("src", "benchmarks", "scripts", "tests")
FUNCTION_LINES = 60
FILE_LINES = {"src": 400, "benchmarks": 400, "scripts": 400, "web/src": 400, "tests": 500}
PARAMETERS = 6
GENERATED = {"web/src/api/types.ts"}
MANY_PARAMETERS = {
    "rewrite": "inscape.rewrite, whose keywords are documented and used in scripts of others",
    "train": "inscape.train, likewise: its keywords and their defaults are those of the command line",
    "ModulatedLayer.forward": "autograd gives a gradient to each argument, so tensors cannot come in a value",
}
"""Functions with more parameters, and why."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, Function, bool]]:
    """Every function with its qualified name, and whether it is handed an instance or a class."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            static = any(ast.unparse(each) == "staticmethod" for each in node.decorator_list)
            yield f"{inside}{node.name}", node, isinstance(tree, ast.ClassDef) and not static
        named = isinstance(node, ast.ClassDef | Function)
        yield from functions(node, f"{inside}{node.name}." if named else inside)


def parameters(function: Function, bound: bool) -> int:
    """How many a caller has to think of; `*args` and `**options` count as one each."""
    taken = function.args
    lists = (taken.posonlyargs, taken.args, taken.kwonlyargs)
    return sum(map(len, lists)) + (taken.vararg is not None) + (taken.kwarg is not None) - bound


def called_by_pytest(name: str, function: Function) -> bool:
    """Whether pytest fills in the parameters."""
    fixture = any("fixture" in ast.unparse(each) for each in function.decorator_list)
    return fixture or name.rpartition(".")[2].startswith("test_")


def of_the_code() -> Iterator[tuple[Path, str, Function, bool]]:
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for found in functions(ast.parse(path.read_text())):
                yield path.relative_to(ROOT), *found


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path}: {name} has {lines} lines"
        for path, name, function, _ in of_the_code()
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("folder", FILE_LINES)
def test_no_file_is_longer_than_one_subject_takes(folder):
    files = {
        str(path.relative_to(ROOT)): path
        for pattern in ("*.py", "*.ts", "*.tsx", "*.css")
        for path in (ROOT / folder).rglob(pattern)
    }
    lines = {name: len(path.read_text().splitlines()) for name, path in files.items()}
    assert {n: count for n, count in lines.items() if count > FILE_LINES[folder]}.keys() <= GENERATED
    assert files


def test_no_function_takes_more_than_six_parameters():
    many = {
        name: f"{path}: {name} takes {count}"
        for path, name, function, bound in of_the_code()
        if not called_by_pytest(name, function) and (count := parameters(function, bound)) > PARAMETERS
    }
    assert [many[name] for name in many if name not in MANY_PARAMETERS] == []
    assert many.keys() == MANY_PARAMETERS.keys()  # an exception that is none any more goes


def test_what_is_counted():
    source = (
        "class A:\n    def a(self, b, /, c, *d, e=1, **f): pass\n"
        "    @staticmethod\n    def g(h): pass\n"
        "def i():\n    async def j(k, l): pass\n"
    )
    found = {name: parameters(function, bound) for name, function, bound in functions(ast.parse(source))}
    assert found == {"A.a": 5, "A.g": 1, "i": 0, "i.j": 2}
