"""What a model is run on: pictures that a generator draws, scenes, a folder of photos, prompts."""

from inscape.sources.folder import FolderPictures
from inscape.sources.generated import GeneratedPictures
from inscape.sources.prompts import Prompts
from inscape.sources.reading import Fit, Photo, read_photo
from inscape.sources.scenes import ScenePictures
from inscape.sources.source import Batch, ClassSource, LatentSource, PictureSource, Source

__all__ = [
    "Batch",
    "ClassSource",
    "Fit",
    "FolderPictures",
    "GeneratedPictures",
    "LatentSource",
    "Photo",
    "PictureSource",
    "Prompts",
    "ScenePictures",
    "Source",
    "read_photo",
]
