"""Read what layers put out, and what goes into them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from inscape.activations._targets import Target, find_module, mapped
from inscape.errors import LayerError


class Recorded(dict[str, Any]):
    """Values by layer name; asking for one that has not run says so."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)

    def __missing__(self, name: str) -> Any:
        if name in self._names:
            raise LayerError(f"Layer {name!r} has not run yet.", "Run the network inside the block first.")
        raise LayerError(f"Layer {name!r} is not recorded here; recorded: {', '.join(self._names)}.")


class Recording:
    """What the recorded layers did in their latest run.

    Attributes:
        outputs: What each layer put out: a tensor, or whatever structure of tensors the module returns.
        inputs: The positional arguments of each layer, as a tuple; only where inputs were asked for.
        runs: How often each layer ran while it was recorded.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.outputs = Recorded(names)
        self.inputs = Recorded(names)
        self.runs = dict.fromkeys(names, 0)


@contextmanager
def record(
    target: Target,
    names: str | Sequence[str],
    *,
    inputs: bool = False,
    detach: bool = True,
    copy: bool = False,
    own_thread: bool = False,
) -> Iterator[Recording]:
    """Keep the outputs of layers while the block runs.

    Example:
        >>> with record(model, ["layer16a"]) as recording:
        ...     model.images(w)
        >>> recording.outputs["layer16a"].shape

    A recording sees what the edits around it have made of the output, and not what edits inside it will.

    Args:
        target: Any `torch.nn.Module`, or an opened model.
        names: Dotted module names, or layer names of the model.
        inputs: Also keep what goes in.
        detach: Cut the values off from the gradient graph.
        copy: Copy the values, for networks that overwrite them in place.
        own_thread: Keep only what runs in the thread that opened the block, so that several threads can run
            one network and each record its own.

    Raises:
        LayerError: A layer does not exist; near names are given.
    """
    names = [names] if isinstance(names, str) else list(names)
    modules = {name: find_module(target, name) for name in names}
    recording = Recording(names)
    owner = threading.get_ident()

    def kept(value: Any) -> Any:
        def one(tensor: Tensor) -> Tensor:
            tensor = tensor.detach() if detach else tensor
            return tensor.clone() if copy else tensor

        return mapped(value, one)

    def hook_of(name: str) -> Any:
        def hook(_: nn.Module, arguments: Any, output: Any) -> None:
            if own_thread and threading.get_ident() != owner:
                return
            recording.outputs[name] = kept(output)
            recording.runs[name] += 1
            if inputs:
                recording.inputs[name] = kept(arguments)

        return hook

    with ExitStack() as stack:
        for name, module in modules.items():
            stack.callback(module.register_forward_hook(hook_of(name)).remove)
        yield recording
