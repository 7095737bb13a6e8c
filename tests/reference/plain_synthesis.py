"""StyleGAN2's synthesis op by op, with nothing but plain automatic differentiation.

Takes the parameters of the real module. Slow, and the layer math of record: what is fused must equal it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

GAIN = 2**0.5


def blurred(x: Tensor, fir: Tensor) -> Tensor:
    """The filter after a transposed convolution, with gain 4."""
    kernel = (fir.flip((0, 1)) * 4.0).expand(x.shape[1], 1, *fir.shape)
    return functional.conv2d(x, kernel, padding=1, groups=x.shape[1])


def layer(module, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
    """One `SynthesisLayer`."""
    styles = module.affine(w)
    energy = module.weight.square().sum(dim=(2, 3))
    scales = (styles.square() @ energy.t() + 1e-8).rsqrt() * GAIN
    x = x * styles[:, :, None, None]
    if module.upsampling:
        x = functional.conv_transpose2d(x, module.weight.transpose(0, 1), stride=2)
        x = blurred(x, module.resample_filter)
    else:
        x = functional.conv2d(x, module.weight, padding=1)
    offset = (module.bias * GAIN)[None, :, None, None]
    if noise is not None and noise.shape[0] == 1:
        offset, noise = offset + noise * (module.noise_strength * GAIN), None
    x = torch.addcmul(offset, x, scales[:, :, None, None])
    if noise is not None:
        x = x.add_(noise * (module.noise_strength * GAIN))
    x = functional.leaky_relu_(x, 0.2)
    return x if module.clamp is None else x.clamp(-module.clamp, module.clamp)


def colours(module, x: Tensor, w: Tensor) -> Tensor:
    """One `ToRGB`."""
    styles = module.affine(w) * module.weight_gain
    rgb = functional.conv2d(x * styles[:, :, None, None], module.weight) + module.bias[None, :, None, None]
    return rgb if module.clamp is None else rgb.clamp(-module.clamp, module.clamp)


def doubled(rgb: Tensor, fir: Tensor) -> Tensor:
    """A picture at twice its size."""
    kernel = (fir * 4.0).expand(3, 1, *fir.shape)
    return functional.conv_transpose2d(rgb, kernel, stride=2, padding=1, groups=3)


def synthesis(module, w: Tensor, noise: dict[str, Tensor]) -> Tensor:
    """The picture of latents `[batch, num_ws, w_dim]`.

    Args:
        module: A `Synthesis`.
        w: One latent per layer.
        noise: By layer, as `Synthesis.draw_noise` draws it.
    """
    x = module.b4.const.expand(len(w), -1, -1, -1).contiguous(memory_format=torch.channels_last)
    rgb = None
    for number, (name, path) in enumerate(module.layer_paths.items()):
        x = layer(module.get_submodule(path), x, w[:, number], noise.get(name))
        if path.endswith("conv1"):
            block = module.get_submodule(path.split(".")[0])
            added = colours(block.torgb, x, w[:, number + 1])
            rgb = added if rgb is None else doubled(rgb, block.resample_filter) + added
    return rgb
