"""From a photo to a latent, and a generator adapted to one photo."""

from inscape.photos._descent import STAGES, Following, Snapshot, Stage
from inscape.photos._latent import SearchSettings
from inscape.photos.adaptation import AdaptationSettings
from inscape.photos.after_edit import adapt_after
from inscape.photos.encoder import encode, encoder_for
from inscape.photos.found import find_inversion
from inscape.photos.gains import Gains
from inscape.photos.influence import Influence, influence_of
from inscape.photos.inversion import Inversion
from inscape.photos.invert import InversionSettings, invert
from inscape.photos.lost import Lost, LostConcept, lost
from inscape.photos.perceptual import SegmenterDistance, segmenter_distance
from inscape.photos.session import PhotoSession
from inscape.photos.transfer import transfer
from inscape.sources.reading import Fit, Photo, read_photo

__all__ = [
    "STAGES",
    "AdaptationSettings",
    "Fit",
    "Following",
    "Gains",
    "Influence",
    "Inversion",
    "InversionSettings",
    "Lost",
    "LostConcept",
    "PhotoSession",
    "Photo",
    "SearchSettings",
    "SegmenterDistance",
    "Snapshot",
    "Stage",
    "adapt_after",
    "encode",
    "encoder_for",
    "find_inversion",
    "influence_of",
    "invert",
    "lost",
    "read_photo",
    "segmenter_distance",
    "transfer",
]
