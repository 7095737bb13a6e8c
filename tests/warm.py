"""Python that has imported what Inscape takes from others, so that a program starts in a tenth of the time.

Nothing of Inscape is imported before: each program finds it where its `PYTHONPATH` says.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

SEARCHED = "PYTHONPATH"
IMPORTED = (
    "fastapi",
    "jaxtyping",
    "PIL.Image",
    "safetensors.torch",
    "scipy.optimize",
    "typer.testing",
    "uvicorn",
)


@cache
def _server() -> subprocess.Popen[str]:
    """The process that forks the others; it ends with this one."""
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != SEARCHED},
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def warm_python(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What `python` with these arguments does: `-c CODE`, `-m MODULE` or a file, and what follows.

    Args:
        folder: Where it runs.
        environment: Variables that it has besides the present ones.
    """
    forks = _server()
    assert forks.stdin is not None and forks.stdout is not None
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place) / "out", Path(place) / "err"
        asked = {
            "arguments": arguments,
            "folder": str(folder or Path.cwd()),
            "environment": {**os.environ, **(environment or {})},
            "streams": [os.devnull, str(out), str(err)],
        }
        print(json.dumps(asked), file=forks.stdin, flush=True)
        code = os.waitstatus_to_exitcode(int(forks.stdout.readline()))
        return subprocess.CompletedProcess([*arguments], code, out.read_text(), err.read_text())


def _run(arguments: Sequence[str]) -> None:
    """Run what `python` would."""
    kind, *rest = arguments
    if kind == "-c":
        code, *rest = rest
        sys.argv = ["-c", *rest]
        sys.path.insert(0, "")
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    elif kind == "-m":
        module, *rest = rest
        sys.argv = [module, *rest]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [*arguments]
        sys.path.insert(0, str(Path(kind).absolute().parent))
        runpy.run_path(kind, run_name="__main__")


def _become(
    arguments: Sequence[str], folder: str, environment: Mapping[str, str], streams: Sequence[str]
) -> None:
    """Be a program from its start to its end; never returns."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in enumerate(streams):
        opened = os.open(name, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:0] = [each for each in environment.get(SEARCHED, "").split(os.pathsep) if each]
    status = 1
    try:
        _run(arguments)
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _serve() -> None:
    """Import, then fork once for every line of the standard input; answer with the wait status."""
    for name in IMPORTED:
        import_module(name)
    del sys.path[0]  # the folder of this file
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        if (child := os.fork()) == 0:
            _become(**asked)
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
