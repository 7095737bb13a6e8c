"""Open the executor for `--workers`."""

from __future__ import annotations

from inscape.errors import UsageError
from inscape.parallel.executor import Executor, InProcess
from inscape.parallel.processes import Processes


def open_executor(workers: str | int = 1) -> Executor:
    """Open the executor for a number of processes, or for a Ray cluster.

    Example:
        >>> with open_executor("ray://head:10001") as executor:
        ...     dissect(model, executor=executor)

    Each process reads a script that asks for processes: its work stands under `if __name__ == "__main__":`.

    Args:
        workers: A number of processes, of which 1 is this one; "ray"; or the address of a cluster.

    Raises:
        UsageError: It is none of these.
        MissingExtraError: Ray is not installed.
        WorkersError: There is no cluster at the address.
    """
    text = str(workers)
    if text == "ray" or text.startswith("ray://"):
        from inscape.parallel.ray import RayCluster

        return RayCluster(None if text == "ray" else text)
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise UsageError(f"Workers are a number from 1 to 1024, ray, or ray://HOST:PORT; got {text[:80]!r}.")
    return InProcess() if int(text) == 1 else Processes(int(text))
