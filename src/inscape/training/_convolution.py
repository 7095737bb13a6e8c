"""A convolution whose gradient penalty is cheap.

When a convolution's gradient is differentiated again, PyTorch computes the weight's part as a convolution
with kernels as large as the maps. It is an ordinary weight gradient of the same convolution (`conv2d_gradfix`
of stylegan2-ada-pytorch, Karras et al.), which costs less.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

import torch
from torch.autograd import Function

from inscape.types import AutogradContext

if TYPE_CHECKING:
    from torch import Tensor

_Shape = tuple[int, int]
"""Stride and padding, the same in both directions."""


_wanted: ContextVar[Literal["all", "inputs", "weights"]] = ContextVar("wanted", default="all")


@contextmanager
def gradients_of(wanted: Literal["inputs", "weights"]) -> Iterator[None]:
    """Let `convolve` leave out gradients that nobody asks for; autograd cannot tell it.

    Args:
        wanted: "inputs" leaves out those of weights; "weights" those of inputs that nothing computed.
    """
    token = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(token)


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, *, stride: int = 1, padding: int = 0) -> Tensor:
    """`torch.nn.functional.conv2d`; what it gives can be differentiated as often as one likes."""
    shape = (stride, padding)
    if x.device.type != "cpu":
        return torch.nn.functional.conv2d(x, weight, bias, stride, padding)
    y: Tensor = _Forward.apply(_laid_out(x), weight, shape)
    return y if bias is None else y + bias[None, :, None, None]


class _Forward(Function):
    """x and W to x * W."""

    @staticmethod
    def forward(context: AutogradContext, x: Tensor, weight: Tensor, shape: _Shape) -> Tensor:
        context.save_for_backward(x, weight)
        context.shape = shape
        return torch.nn.functional.conv2d(x, weight, None, *shape)

    @staticmethod
    def backward(context: AutogradContext, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = context.saved_tensors
        gradient = _laid_out(gradient)
        to_x = to_weight = None
        wanted = _wanted.get()
        if context.needs_input_grad[0] and not (wanted == "weights" and x.is_leaf):
            to_x = _InputGradient.apply(gradient, weight, x, context.shape)
        if context.needs_input_grad[1] and wanted != "inputs":
            to_weight = _WeightGradient.apply(gradient, x, weight, context.shape)
        return to_x, to_weight, None


class _InputGradient(Function):
    """The gradient g of x * W and W to the gradient of x: linear in both, x gives the sizes alone."""

    @staticmethod
    def forward(
        context: AutogradContext, gradient: Tensor, weight: Tensor, x: Tensor, shape: _Shape
    ) -> Tensor:
        context.save_for_backward(gradient, weight)
        context.shape = shape
        return _backward(gradient, x, weight, shape, (True, False))

    @staticmethod
    def backward(context: AutogradContext, second: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        gradient, weight = context.saved_tensors
        second = _laid_out(second)
        to_gradient = to_weight = None
        if context.needs_input_grad[0]:
            to_gradient = _Forward.apply(second, weight, context.shape)
        if context.needs_input_grad[1]:
            to_weight = _WeightGradient.apply(gradient, second, weight, context.shape)
        return to_gradient, to_weight, None, None


class _WeightGradient(Function):
    """The gradient g of x * W and x to the gradient of W: linear in both, W gives the sizes alone."""

    @staticmethod
    def forward(
        context: AutogradContext, gradient: Tensor, x: Tensor, weight: Tensor, shape: _Shape
    ) -> Tensor:
        context.save_for_backward(gradient, x)
        context.shape = shape
        return _backward(gradient, x, weight, shape, (False, True))

    @staticmethod
    def backward(context: AutogradContext, second: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        gradient, x = context.saved_tensors
        to_gradient = to_x = None
        if context.needs_input_grad[0]:
            to_gradient = _Forward.apply(x, second, context.shape)
        if context.needs_input_grad[1]:
            to_x = _InputGradient.apply(gradient, second, x, context.shape)
        return to_gradient, to_x, None, None


def _backward(
    gradient: Tensor, x: Tensor, weight: Tensor, shape: _Shape, wanted: tuple[bool, bool]
) -> Tensor:
    stride, padding = ([number, number] for number in shape)
    found = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, stride, padding, [1, 1], False, [0, 0], 1, [*wanted, False]
    )
    result: Tensor = found[0] if wanted[0] else found[1]
    return result


def _laid_out(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)
