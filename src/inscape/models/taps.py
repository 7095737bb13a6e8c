"""The only hooks: call a function with the input or output of a module, and let it replace the value."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from torch import nn

Tap: TypeAlias = Callable[[tuple[object, ...], Any], object]
"""From what a module was called with and the value to what takes the value's place; None leaves it."""


class _Calls(threading.local):
    """How often a module has run in the forward pass that is under way; each thread counts its own."""

    running = 0
    made = 0

    def begin(self, *_: object) -> None:
        """A module around it begins: the outermost of them begins a pass."""
        self.made = self.made if self.running else 0
        self.running += 1

    def end(self, *_: object) -> None:
        """A module around it ends, an error included."""
        self.running -= 1


@contextmanager
def tapped(
    network: nn.Module, path: str, function: Tap, *, call: int | None = None, of_input: bool = False
) -> Iterator[None]:
    """Call a function with the output of a module inside a `with` block, and remove it afterwards.

    Functions are called in the order in which their blocks began, each with what the one before made.

    Args:
        network: The network.
        path: Dotted path of the module in it; "" is the network itself.
        function: Told what the module was called with, and the value; what it returns takes the value's
            place, unless it is None.
        call: Which call of the module in a forward pass, from 0; every one unless given.
        of_input: The value is what goes into the module rather than its output.
    """
    calls, module = _Calls(), network.get_submodule(path)

    def reached(arguments: tuple[object, ...], value: object) -> object:
        number, calls.made = calls.made, calls.made + 1
        return function(arguments, value) if call in (None, number) else None

    def before(_: nn.Module, arguments: tuple[object, ...]) -> object:
        changed = reached(arguments, arguments[0])
        return None if changed is None else (changed, *arguments[1:])

    def behind(_: nn.Module, arguments: tuple[object, ...], output: object) -> object:
        return reached(arguments, output)

    with ExitStack() as stack:
        for around in _around(network, path) if call is not None else ():
            stack.callback(around.register_forward_pre_hook(calls.begin).remove)
            stack.callback(around.register_forward_hook(calls.end, always_call=True).remove)
        hook = module.register_forward_pre_hook(before) if of_input else module.register_forward_hook(behind)
        stack.callback(hook.remove)
        yield


def _around(network: nn.Module, path: str) -> list[nn.Module]:
    """The modules that hold a module, from the network on."""
    names = path.split(".") if path else []
    return [network.get_submodule(".".join(names[:depth])) for depth in range(len(names))]
