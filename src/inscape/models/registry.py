"""The old place of `shipped.weights_of`, where `inscape doctor` still asks for it."""

from inscape.models.shipped import weights_of

__all__ = ["weights_of"]
