"""A process that has imported what a studio needs, and forks studios: each starts in a tenth of the time.

Every line of its standard input is a JSON object `{arguments, environment, out}`. It answers with the process
that runs `inscape` with these arguments and writes its standard output to `out`, which may be a pipe.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import scipy.optimize  # noqa: F401
import uvicorn.protocols.http.auto
import uvicorn.protocols.websockets.websockets_sansio_impl  # noqa: F401

import inscape.models.architectures.stylegan2
import inscape.painting
import inscape.studio.app  # noqa: F401
from inscape.cli.main import main
from inscape.studio.page import pages


def run(arguments: list[str], environment: dict[str, str], out: str) -> None:
    """Become a command of Inscape; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((0, os.devnull), (2, os.devnull), (1, out)):
        opened = os.open(path, os.O_WRONLY if stream else os.O_RDONLY)
        os.dup2(opened, stream)
        os.close(opened)
    sys.argv = ["inscape", *arguments]
    status = 1
    try:
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    pages()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what has ended leaves nothing behind
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        if (child := os.fork()) == 0:
            run(**asked)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
