"""From a photo to a latent, and a generator adapted to one photo."""

from inscape.photos.reading import Fit, Photo, read_photo

__all__ = ["Fit", "Photo", "read_photo"]
