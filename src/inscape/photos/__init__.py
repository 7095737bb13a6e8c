"""Photos: finding what a generator would draw them with."""

from inscape.photos.encoder import encode, encoder_for

__all__ = ["encode", "encoder_for"]
