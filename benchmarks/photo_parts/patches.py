"""A classifier that tells small patches of made pictures from those of photos.

A few 3 × 3 convolutions that see 13 pixels, as the truncated networks of "What makes fake images detectable?"
(Chai et al., ECCV 2020) see little of a picture. It is trained on the patches of some photos and judged on
those of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from photo_parts.figures import Floats, average_precision, resampled
from photo_parts.work import Pixels

REACH = 6
WIDTH = 24
BATCH = 128
RATE = 2e-3
PLACES = 48
RESAMPLED = 300


@dataclass(frozen=True, eq=False)
class Pair:
    """A made picture, and the untouched one to compare it with at the same places.

    Args:
        photo: Name of the photo; all pairs of a photo are on one side of the split.
        made: uint8 `[height, width, 3]`.
        real: The same for the untouched one.
        ring: Where to look, `[height, width]`.
    """

    photo: str
    made: Pixels
    real: Pixels
    ring: NDArray[np.bool_]


class PatchNetwork(nn.Sequential):
    """From patches of 13 × 13 pixels to one number, above 0 where they look made."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        for inputs in (3, *[WIDTH] * (REACH - 1)):
            layers += [nn.Conv2d(inputs, WIDTH, 3), nn.LeakyReLU(0.2)]
        super().__init__(*layers, nn.Flatten(), nn.Linear(WIDTH, 1))


def judged(pairs: Sequence[Pair], *, folds: int, steps: int, seed: int = 0) -> dict[str, object]:
    """How well made patches are found in photos that the classifier was not trained on.

    Args:
        pairs: Of many photos.
        folds: Into how many parts the photos are split.
        steps: Of training, for each part.
        seed: Of the split, the places, the first weights and the batches.

    Returns:
        AP over patches and over pictures (the mean of their patches), with 95 % intervals over photos.
    """
    names = sorted({pair.photo for pair in pairs})
    folds = min(folds, len(names))
    order = np.random.RandomState(seed).permutation(len(names))
    part = {names[number]: turn % folds for turn, number in enumerate(order)}
    patches = [_patches(pair, seed + number) for number, pair in enumerate(pairs)]
    scores: list[tuple[Floats, Floats]] = [(np.empty(0), np.empty(0))] * len(pairs)
    for fold in range(folds):
        training = [each for each, pair in zip(patches, pairs, strict=True) if part[pair.photo] != fold]
        network = _trained(training, steps, seed)
        for number, pair in enumerate(pairs):
            if part[pair.photo] == fold:
                made, real = (_scores(network, each) for each in patches[number])
                scores[number] = made, real
    owner = np.array([names.index(pair.photo) for pair in pairs])
    whole = [(np.array([made.mean()]), np.array([real.mean()])) for made, real in scores]
    return {
        "photos": len(names),
        "pictures": len(pairs),
        "patch_ap": _precision(scores, owner),
        "picture_ap": _precision(whole, owner),
    }


def _patches(pair: Pair, seed: int) -> tuple[Tensor, Tensor]:
    """Patches around some places of the ring, of the made picture and of the real one."""
    places = np.argwhere(pair.ring)
    chosen = np.random.RandomState(seed).permutation(len(places))[:PLACES]
    rows, columns = torch.from_numpy(places[chosen]).unbind(1)
    made, real = (_cut(picture, rows, columns) for picture in (pair.made, pair.real))
    return made, real


def _cut(picture: Pixels, rows: Tensor, columns: Tensor) -> Tensor:
    image = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    padded = functional.pad(image, [REACH] * 4, mode="reflect")[0]
    side = 2 * REACH + 1
    return padded.unfold(1, side, 1).unfold(2, side, 1)[:, rows, columns].transpose(0, 1).contiguous()


def _trained(patches: Sequence[tuple[Tensor, Tensor]], steps: int, seed: int) -> PatchNetwork:
    made, real = (torch.cat(each) for each in zip(*patches, strict=True))
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PatchNetwork()
    adam = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    wanted = torch.cat([torch.ones(BATCH // 2), torch.zeros(BATCH // 2)])
    for _ in range(steps):
        chosen = torch.randint(len(made), (BATCH // 2,), generator=generator)
        batch = torch.cat([made[chosen], real[chosen]])
        if torch.rand((), generator=generator) < 0.5:
            batch = batch.flip(3)
        adam.zero_grad(set_to_none=True)
        functional.binary_cross_entropy_with_logits(network(batch)[:, 0], wanted).backward()
        adam.step()
        schedule.step()
    return network.eval()


@torch.inference_mode()
def _scores(network: PatchNetwork, patches: Tensor) -> Floats:
    """Of the patches and their mirrored selves, the mean."""
    both = network(patches)[:, 0] + network(patches.flip(3))[:, 0]
    return np.asarray(both / 2, np.float64)


def _precision(scores: Sequence[tuple[Floats, Floats]], owner: NDArray[np.int64]) -> dict[str, object]:
    """AP over all scores, with an interval over photos."""
    of_photo = [
        [scores[number] for number in np.flatnonzero(owner == photo).tolist()]
        for photo in range(owner.max() + 1)
    ]

    def of(chosen: NDArray[np.int64]) -> float:
        held = [pair for photo in chosen for pair in of_photo[photo]]
        values = np.concatenate([each for pair in held for each in pair])
        made = np.concatenate(
            [np.full(len(each), not turn) for pair in held for turn, each in enumerate(pair)]
        )
        return average_precision(values, made)

    whole = of(np.arange(len(of_photo)))
    return {"ap": whole, "interval": resampled(len(of_photo), of, RESAMPLED)}
