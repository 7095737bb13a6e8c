"""Imports go one way, as the map in docs/extending.md has it, and importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import inscape

SOURCE = Path(inscape.__file__).parent
ORDER = [
    {"errors", "memory", "parallel", "progress", "storage", "types"},
    {"pictures", "regions", "concepts", "reports", "colour", "brush_kinds"},
    {"statistics"},
    {"scenes"},
    {"models"},
    {"activations"},
    {"segmenters"},
    {"sources"},
    {"editing"},
    {"dissection"},
    {"painting"},
    {"photos"},
    {"rewriting"},
    {"words"},
    {"facts"},
    {"audits"},
    {"training"},
    {"verbs"},
    {"compute"},
    {"studio"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}


def imported_parts(file: Path) -> set[str]:
    """Which parts of inscape a file imports, wherever in the file it does so."""
    parts = set()
    for node in ast.walk(ast.parse(file.read_text())):
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module] if node.module != "inscape" else [f"inscape.{n.name}" for n in node.names]
        elif isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        parts |= {m.split(".")[1] for m in modules if m.startswith("inscape.")}
    return parts & RANK.keys()


def test_every_part_stands_on_the_map():
    parts = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert parts - {"__init__", "__main__"} <= RANK.keys()


def test_imports_go_one_way():
    wrong = []
    for file in SOURCE.rglob("*.py"):
        relative = file.relative_to(SOURCE)
        part = relative.parts[0].removesuffix(".py")
        if part in RANK:
            wrong += [f"{relative} imports {p}" for p in imported_parts(file) if RANK[p] > RANK[part]]
    assert wrong == []


def test_init_files_only_re_export():
    for file in SOURCE.rglob("__init__.py"):
        if file.parent == SOURCE:
            continue
        for node in ast.parse(file.read_text()).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            exports = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
            assert docstring or exports or isinstance(node, ast.Import | ast.ImportFrom), (
                f"{file}: line {node.lineno}"
            )


def test_importing_inscape_loads_no_torch_and_prints_nothing():
    code = (
        "import sys, inscape, inscape.cli.main; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_public_list_is_sorted_and_complete():
    assert inscape.__all__ == sorted(inscape.__all__)
    assert set(inscape.__all__) == {*inscape._PLACES, "__version__"}
    for name in inscape.__all__:
        assert getattr(inscape, name) is not None
