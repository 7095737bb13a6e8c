"""The options of a benchmark, as a table."""

from __future__ import annotations

import argparse
from typing import Any


def asked(doc: str | None, **options: Any) -> argparse.Namespace:
    """What was asked for on the command line.

    Args:
        doc: Of the benchmark; its first line says what it is.
        options: By name the default, whose type is that of the option, or all that `add_argument` takes.
    """
    parser = argparse.ArgumentParser(description=(doc or "").split("\n")[0])
    for name, told in options.items():
        given = told if isinstance(told, dict) else {"default": told}
        kind = type(given.get("default"))
        typed = {"type": kind} if kind in (int, float) and "type" not in given else {}
        parser.add_argument(f"--{name.replace('_', '-')}", **typed, **given)
    return parser.parse_args()
