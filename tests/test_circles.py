"""No file stands on itself: imports form no circle, types and imports inside functions included."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import inscape
from warm import warm_python

SOURCE = Path(inscape.__file__).parent


def module_files() -> dict[str, Path]:
    """Every file of inscape by the name of its module."""
    files = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        files[".".join(parts).removesuffix(".__init__")] = path
    return files


def imported(tree: ast.AST, package: str, known: set[str]) -> set[str]:
    """The modules among the known that a file imports, wherever in the file it does so.

    `from inscape.models import card` is the file `card.py` where there is one, and `__init__.py` where not.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {
                f"{base}.{name.name}" if f"{base}.{name.name}" in known else base for name in node.names
            }
    return names & known


def import_graph() -> dict[str, set[str]]:
    files = module_files()
    graph = {}
    for name, path in files.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        graph[name] = imported(ast.parse(path.read_text()), package, set(files)) - {name}
    return graph


def test_no_two_files_import_each_other():
    graph = import_graph()
    assert [(a, b) for a in sorted(graph) for b in sorted(graph[a]) if a < b and a in graph[b]] == []


def test_imports_form_no_circle_of_any_length():
    try:
        TopologicalSorter(import_graph()).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_a_circle_of_types_and_of_imports_in_functions_is_found():
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a.b import C\n"
        "def f():\n    from . import d\n    from .e import g\n    import a.h\n"
    )
    known = {"a", "a.b", "a.d", "a.e", "a.h", "a.i"}
    assert imported(ast.parse(source), "a", known) == {"a.b", "a.d", "a.e", "a.h"}
    assert imported(ast.parse("from ..x import y"), "a.b.c", {"a.b.x", "a.x"}) == {"a.b.x"}


def test_every_file_about_models_can_be_imported_first():
    """A circle through the `__init__.py` of a package shows in the order of the imports alone."""
    names = [name for name in sorted(module_files()) if name.startswith("inscape.models.")]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    for old in [each for each in sys.modules if each.startswith('inscape')]:\n"
        "        del sys.modules[old]\n"
        "    importlib.import_module(name)\n"
    )
    done = warm_python("-c", code)
    assert done.returncode == 0, done.stderr[-2000:]
