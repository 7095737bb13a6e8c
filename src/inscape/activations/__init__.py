"""Read the output of layers, change it, stop early; afterwards, errors included, the network is as it was."""

from inscape.activations.axes import as_grid, as_maps, token_grid
from inscape.activations.editing import edited
from inscape.activations.recording import Recorded, Recording, record
from inscape.activations.resuming import Resumable, resumable
from inscape.activations.stopping import Stopped, read, stop_after

__all__ = [
    "Recorded",
    "Recording",
    "Resumable",
    "Stopped",
    "as_grid",
    "as_maps",
    "edited",
    "read",
    "record",
    "resumable",
    "stop_after",
    "token_grid",
]
