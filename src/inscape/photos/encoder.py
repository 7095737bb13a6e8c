"""The encoder of a generator, and its estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from inscape.errors import FormatError
from inscape.models import Generator, open_model

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models.architectures.picture_encoder import PictureEncoder


def encoder_for(generator: Generator) -> PictureEncoder | None:
    """The encoder that a generator's card names, on the generator's device; frozen, in evaluation mode.

    Args:
        generator: Any; of a generator whose weights were edited, or that was trained longer, the encoder is
            still where to start.

    Returns:
        None where the card names no encoder, or one for a generator of other sizes.

    Raises:
        ModelNotFoundError: No model has the name on the card.
        FormatError: The model of that name is not an encoder of pictures, or is damaged.
    """
    name = generator.card.encoder
    if name is None:
        return None
    from inscape.models.architectures.picture_encoder import PictureEncoder
    from inscape.models.architectures.stylegan2 import StyleGAN2

    encoder = open_model(name, device=generator.device).module
    if not isinstance(encoder, PictureEncoder):
        raise FormatError(
            f"The card of {generator.name!r} names {name!r} as its encoder, which is not a picture encoder."
        )
    network = generator.module
    fits = isinstance(network, StyleGAN2) and encoder.config.fits(network.config)
    return encoder if fits else None


def encode(
    generator: Generator, images: Float[Tensor, "b 3 h w"], encoder: PictureEncoder
) -> tuple[Float[Tensor, "b num_ws w_dim"], dict[str, Float[Tensor, "b c _ _"]]]:
    """Estimate the latents and features with which a generator draws pictures.

    Args:
        generator: The generator whose latents are estimated.
        images: RGB in [-1, 1], of the generator's size, on any device.
        encoder: From `encoder_for`.

    Returns:
        One latent w per layer, and estimates of the generator's features by layer, on its device; without
        gradients, but they can be refined with some.

    Raises:
        ShapeError: They are not pictures of the generator's size.
    """
    import torch

    with torch.no_grad():
        found = encoder(images.detach().to(generator.device, torch.float32))
    return cast("tuple[Tensor, dict[str, Tensor]]", found)
