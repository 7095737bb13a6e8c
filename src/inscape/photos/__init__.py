"""From a photo to a latent, and a generator adapted to one photo."""

from inscape.photos.influence import Influence, influence_of
from inscape.photos.lost import Lost, LostConcept, lost
from inscape.photos.reading import Fit, Photo, read_photo
from inscape.photos.transfer import transfer

__all__ = [
    "Fit",
    "Influence",
    "Lost",
    "LostConcept",
    "Photo",
    "influence_of",
    "lost",
    "read_photo",
    "transfer",
]
