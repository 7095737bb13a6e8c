"""StyleGAN2's layer as one step of automatic differentiation, for training on a CPU.

Taken op by op, the backward pass of a layer makes many maps, in memory formats that differ. Here channels
always come last, passes over a map are few and keep to what the cache holds, and the gradient of the weight
is made of matrix products. With pre-activation `p = d * conv(s * x) + b + noise`, output `y = leaky(p)` and
gradients `g_`:

    g_p = g_y * leaky'(p)                  g_y . y = g_p . p, as the rectifier is homogeneous; so
    g_d = (g_y . y - g_p . (b + noise)) / d, and the convolution's sums need not be kept
    g_s = x . conv^T(d * g_p)              g_x = s * conv^T(d * g_p)

where a dot sums over the places of one map.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as functional
from torch import Tensor
from torch.autograd.function import once_differentiable

from inscape.models.architectures._equalized import LEAK
from inscape.models.architectures._fir import blur, blur_backward
from inscape.types import AutogradContext

_LAST = torch.channels_last
_CHUNK = 2**18
"""Numbers that stay in the cache of a processor: a megabyte."""


def fused(x: Tensor, w: Tensor, weight: Tensor) -> bool:
    """Whether a layer should run as one step: where gradients are wanted, in float32 on a CPU."""
    wanted = torch.is_grad_enabled() and any(each.requires_grad for each in (x, w, weight))
    return wanted and len(x) == len(w) and x.device.type == "cpu" and x.dtype == torch.float32


class ModulatedLayer(torch.autograd.Function):
    """Modulation, 3x3 convolution, demodulation, offset, noise and leaky rectifier.

    Gradients can be taken once, not of gradients.
    """

    @staticmethod
    def forward(
        ctx: AutogradContext,
        x: Tensor,
        styles: Tensor,
        scales: Tensor,
        weight: Tensor,
        offset: Tensor,
        noise: Tensor | None,
        fir: Tensor | None,
        clamp: float | None,
    ) -> Tensor:
        """One layer.

        Args:
            ctx: Of the gradient.
            x: `[batch, inputs, height, width]`.
            styles: What multiplies the inputs, `[batch, inputs]`.
            scales: What multiplies the outputs, not zero, `[batch, outputs]`.
            weight: `[outputs, inputs, 3, 3]`.
            offset: `[outputs]`.
            noise: `[batch or 1, 1, height, width]` of the output, scaled.
            fir: Filter of a layer that doubles the size; None for one that does not.
            clamp: Largest absolute output.
        """
        x = x.contiguous(memory_format=_LAST)
        modulated = x * styles[:, :, None, None]
        kernel = (weight if fir is None else weight.transpose(0, 1)).contiguous(memory_format=_LAST)
        if fir is None:
            y = functional.conv2d(modulated, kernel, padding=1)
        else:
            y = blur(functional.conv_transpose2d(modulated, kernel, stride=2), fir)
        torch.addcmul(offset[None, :, None, None], y, scales[:, :, None, None], out=y)
        if noise is not None:
            y.add_(noise)
        functional.leaky_relu_(y, LEAK)
        if clamp is not None:
            y.clamp_(-clamp, clamp)
        ctx.save_for_backward(x, styles, scales, kernel, offset, noise, fir, y)
        ctx.clamp = clamp
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: AutogradContext, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of what `forward` takes."""
        x, styles, scales, kernel, offset, noise, fir, y = ctx.saved_tensors
        needs, raising = ctx.needs_input_grad, fir is not None
        grad = grad.contiguous(memory_format=_LAST)
        inner, sums, powers, g_noise = _rectifier(grad, y, scales, noise, ctx.clamp)
        g_scales = (powers - sums * offset) / scales if needs[2] else None
        g_offset = sums.sum(0) if needs[4] else None
        g_noise = g_noise.sum_to_size(noise.shape) if g_noise is not None and needs[5] else None
        if raising:
            inner = blur_backward(inner, fir)
        g_x, g_styles, g_weight = None, None, None
        if needs[3]:
            g_weight = (_raising_weight if raising else _weight)(_rows(inner), _rows(x), styles)
        if needs[0] or needs[1]:
            g_x = _input(inner, x, kernel, raising)
            g_styles = _style(g_x, x, styles)
        return g_x, g_styles, g_scales, g_weight, g_offset, g_noise, None, None


class ModulatedColours(torch.autograd.Function):
    """A 1x1 convolution of which every picture has its own weights, for few outputs.

    Gradients can be taken once, not of gradients.
    """

    @staticmethod
    def forward(ctx: AutogradContext, x: Tensor, weight: Tensor) -> Tensor:
        """`[batch, inputs, height, width]` and `[batch, outputs, inputs]` to maps with channels last."""
        x = x.contiguous(memory_format=_LAST)
        ctx.save_for_backward(x, weight)
        return _maps(torch.bmm(_rows(x).flatten(1, 2), weight.transpose(1, 2)), x)

    @staticmethod
    @once_differentiable
    def backward(ctx: AutogradContext, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Gradients of what `forward` takes."""
        x, weight = ctx.saved_tensors
        places = _rows(grad.contiguous(memory_format=_LAST)).flatten(1, 2)
        g_x = _maps(torch.bmm(places, weight), x) if ctx.needs_input_grad[0] else None
        # With the inputs as columns of the product: the other way round takes three times as long.
        needed = ctx.needs_input_grad[1]
        g_weight = torch.bmm(places.transpose(1, 2), _rows(x).flatten(1, 2)) if needed else None
        return g_x, g_weight


def _maps(places: Tensor, like: Tensor) -> Tensor:
    """`[batch, height * width, channels]` to `[batch, channels, height, width]`, without a copy."""
    maps: Tensor = places.unflatten(1, like.shape[2:])
    return maps.permute(0, 3, 1, 2)


def _rows(x: Tensor) -> Tensor:
    """`[batch, height, width, channels]`; contiguous where x is in channels-last format."""
    return x.permute(0, 2, 3, 1)


def _chunks(x: Tensor) -> Iterator[slice]:
    """Pictures whose maps stay in the cache while several passes walk over them."""
    together = max(1, _CHUNK // x[0].numel())
    return (slice(first, first + together) for first in range(0, len(x), together))


def _rectifier(
    grad: Tensor, y: Tensor, scales: Tensor, noise: Tensor | None, clamp: float | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Backward through rectifier, noise, offset and demodulation.

    Returns:
        The gradient of the convolution's sums; of each map, the sum of g_p and of g_p . (p - noise); the
        gradient of the noise.
    """
    inner, g_noise = torch.empty_like(y), None if noise is None else y.new_empty(len(y), 1, *y.shape[2:])
    sums, powers = torch.empty_like(scales), torch.empty_like(scales)
    for chunk in _chunks(y):
        g_y, out, here = grad[chunk], y[chunk], inner[chunk]
        if clamp is not None:
            g_y = g_y * (out.abs() < clamp)
        powers[chunk] = torch.mul(g_y, out, out=here).sum((2, 3))
        torch.ops.aten.leaky_relu_backward.grad_input(g_y, out, LEAK, True, grad_input=here)
        sums[chunk] = here.sum((2, 3))
        if noise is not None and g_noise is not None:
            g_noise[chunk] = here.sum(1, keepdim=True)
            powers[chunk] -= (here * (noise if len(noise) == 1 else noise[chunk])).sum((2, 3))
        here.mul_(scales[chunk, :, None, None])
    return inner, sums, powers, g_noise


def _style(grad: Tensor, x: Tensor, styles: Tensor) -> Tensor:
    """Gradient of the styles, given that of `x * styles`, which becomes that of x in place."""
    found = torch.empty_like(styles)
    for chunk in _chunks(x):
        found[chunk] = (grad[chunk] * x[chunk]).sum((2, 3))
        grad[chunk].mul_(styles[chunk, :, None, None])
    return found


def _input(grad: Tensor, x: Tensor, kernel: Tensor, raising: bool) -> Tensor:
    """Gradient of a convolution's input."""
    stride, padding = ([2, 2], [0, 0]) if raising else ([1, 1], [1, 1])
    found: Tensor = torch.ops.aten.convolution_backward(
        grad, x, kernel, None, stride, padding, [1, 1], raising, [0, 0], 1, [True, False, False]
    )[0]
    return found.contiguous(memory_format=_LAST)


def _weight(grad: Tensor, x: Tensor, styles: Tensor) -> Tensor:
    """Gradient of a 3x3 convolution's weight, `[O, I, 3, 3]`.

    A picture at a time: its rows of three neighbours, `[(height + 2) * width, 3 I]`, stay in the cache for
    one matrix product for each row of the kernel. oneDNN's own takes up to twice as long with channels last.

    Args:
        grad: Of its output, `[B, height, width, O]`.
        x: `[B, height, width, I]`, times the styles its input.
        styles: `[B, I]`.
    """
    outputs, (_, height, width, inputs) = grad.shape[3], x.shape
    padded = x.new_zeros(height + 2, width + 2, inputs)
    inside = padded[1:-1, 1:-1]
    overlapping = padded.as_strided((height + 2, width, 3 * inputs), (padded.stride(0), inputs, 1))
    triples = torch.empty_like(overlapping, memory_format=torch.contiguous_format)
    found = x.new_zeros(3, outputs, 3 * inputs)
    pairs = [(found[row], triples[row : row + height].flatten(0, 1)) for row in range(3)]
    pictures = zip(grad.flatten(1, 2).transpose(1, 2).unbind(), x.unbind(), styles.unbind(), strict=True)
    for towards, picture, style in pictures:
        torch.mul(picture, style, out=inside)
        triples.copy_(overlapping)
        for sums, rows in pairs:
            sums.addmm_(towards, rows)
    return found.view(3, outputs, 3, inputs).permute(1, 3, 0, 2).contiguous()


def _raising_weight(grad: Tensor, x: Tensor, styles: Tensor) -> Tensor:
    """Gradient of the weight of a 3x3 transposed convolution of stride 2, `[O, I, 3, 3]`.

    Some pictures at a time: of every place the nine that it reaches, in one matrix product.

    Args:
        grad: Of its output, `[B, 2 height + 1, 2 width + 1, O]`.
        x: `[B, height, width, I]`, times the styles its input.
        styles: `[B, I]`.
    """
    outputs, (batch, height, width, inputs) = grad.shape[3], x.shape
    grad = grad.contiguous()
    picture, row = grad.stride()[:2]
    shape, strides = (height, width, 3, 3 * outputs), (2 * row, 2 * outputs, row, 1)
    reached = grad.as_strided((batch, *shape), (picture, *strides))
    together = max(1, _CHUNK // (height * width * 9 * outputs))
    found = x.new_zeros(inputs, 9 * outputs)
    for first in range(0, batch, together):
        chunk = slice(first, first + together)
        modulated = (x[chunk] * styles[chunk, None, None]).flatten(0, 2)
        found.addmm_(modulated.t(), reached[chunk].reshape(len(modulated), 9 * outputs))
    return found.view(inputs, 3, 3, outputs).permute(3, 0, 1, 2).contiguous()
