"""Ctrl-C in a training: it waits until a step is whole, so that what is saved then can go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def whole_steps() -> Iterator[None]:
    """Hold back the first Ctrl-C until the block ends; a second one is obeyed at once.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, after the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual):  # ignored, or not set by Python
        yield
        return
    held: list[tuple[int, FrameType | None]] = []

    def hold(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        held.append((number, frame))

    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    for one in held:
        usual(*one)
