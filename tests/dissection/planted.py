"""A generator whose units are known functions of what it draws, and a segmenter that reads its colours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from inscape.concepts import Concept, Vocabulary
from inscape.models import Card, Generator, Layer

CELLS, SIZE, W_DIM = 16, 64, 6
VOCABULARY = Vocabulary(
    [
        Concept("sky", "object"),
        Concept("door", "object"),
        Concept("tree", "object"),
        Concept("brick", "material"),
    ]
)
COLOURS = torch.tensor([[0.4, 0.6, 1.0], [0.5, 0.2, 0.1], [0.1, 0.6, 0.2]])  # sky, door, tree
SKY, DOOR, TREE, INVERSE_TREE, NOISE = 0, 1, 2, 3, slice(4, 12)
UNITS = 12


def masks(w: Tensor) -> Tensor:
    """Sky, door and tree as 0 and 1 on the grid of cells, `[batch, 3, 16, 16]`."""
    rows = torch.arange(CELLS)[None, :, None].float()
    columns = torch.arange(CELLS)[None, None].float()
    cell = lambda value: (torch.special.ndtr(value) * (CELLS - 4)).floor()[:, None, None]  # noqa: E731
    door_x, tree_x, horizon = cell(w[:, 0]), cell(w[:, 1]), 4 + (cell(w[:, 2]) / 3).floor()
    sky = (rows < horizon) & (columns >= 0)
    door = (columns >= door_x) & (columns < door_x + 1) & (rows >= 14) & (w[:, 3, None, None] > -0.5)
    tree = (columns >= tree_x) & (columns < tree_x + 4) & (rows >= horizon) & (rows < horizon + 4)
    door = door & ~tree
    return torch.stack([sky, door, tree], 1).float()


class Units(nn.Module):
    """Three units that are concepts, one that is the opposite of one, and eight of fixed random noise."""

    def forward(self, w: Tensor) -> Tensor:
        found = masks(w)
        noise = torch.stack([_noise(row) for row in w])
        return torch.cat([found, 1 - found[:, 2:], noise], 1)


def _noise(row: Tensor) -> Tensor:
    seed = int((row.double() * 1e6).sum().abs().item()) % (2**31)
    return torch.randn(8, CELLS, CELLS, generator=torch.Generator().manual_seed(seed))


class Synthesis(nn.Module):
    """Draws flat colours from the units."""

    def __init__(self) -> None:
        super().__init__()
        self.units = Units()
        self.ground = nn.Parameter(torch.tensor([0.6, 0.6, 0.5]), requires_grad=False)
        self.batches = 0

    def forward(self, ws: Tensor) -> Tensor:
        self.batches += 1
        features = self.units(ws[:, 0])
        picture = self.ground[None, :, None, None].expand(len(ws), 3, CELLS, CELLS)
        for number in range(3):
            mask = features[:, number : number + 1]
            picture = picture * (1 - mask) + COLOURS[number][None, :, None, None] * mask
        return picture.repeat_interleave(SIZE // CELLS, 2).repeat_interleave(SIZE // CELLS, 3) * 2 - 1


class Network(nn.Module):
    """Mapping that does nothing, and the synthesis."""

    def __init__(self) -> None:
        super().__init__()
        self.synthesis = Synthesis()

    def mapping(self, z: Tensor, truncation_psi: float = 1.0) -> Tensor:
        return z[:, None]


class ColourSegmenter(nn.Module):
    """Sky, door and tree by the nearest colour; brick where the ground is."""

    vocabulary = VOCABULARY

    def segment(self, images: Tensor) -> Tensor:
        colours = torch.cat([COLOURS, torch.tensor([[0.6, 0.6, 0.5]])])
        distance = ((images[:, None] + 1) / 2 - colours[None, :, :, None, None]).square().sum(2)
        nearest = distance.argmin(1)
        objects = torch.where(nearest < 3, nearest + 1, 0)
        return torch.stack([objects, torch.where(nearest == 3, 4, 0)], 1).to(torch.uint8)


def planted_generator(name: str = "planted") -> Generator:
    """The generator: layer `units` holds its units."""
    card = Card(
        name=name,
        kind="generator",
        architecture="planted",
        layers=(Layer(name="units", units=UNITS, size=CELLS, module="synthesis.units"),),
        default_layer="units",
        image_size=SIZE,
        latent={"z_dim": W_DIM, "w_dim": W_DIM, "num_ws": 1},
    )
    return Generator(Network().eval(), card)
