"""Each row of the table in `docs/caches.md`: what changes a value is in its key, or the value is dropped."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import inscape
from dissection.planted import ColourSegmenter, planted_generator
from inscape import storage
from inscape.dissection._pass import Plan
from inscape.models import Generator
from inscape.models.fingerprint import fingerprint
from inscape.models.weights import current_weights_hash, state_of, weights_hash
from inscape.painting import PaintSession
from inscape.rewriting import KeyBank, Rewriter, is_gathered, key_moment, samples
from inscape.rewriting.memories import memory_of
from inscape.sources import FolderPictures, GeneratedPictures, ScenePictures
from inscape.studio.library import Library, stamp_of
from inscape.studio.pages.rewrite.walls import Walls
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training._segmenter_scenes import SceneCache
from small_generators import small_generator
from small_worlds import SmallWorld

GAIN = 1.0


def scaled(values: torch.Tensor) -> torch.Tensor:
    return values * GAIN


class Net(nn.Module):
    """Its output depends on weights, an attribute, a buffer of no file and a constant of this file."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 2, 1)
        self.power = 1.0
        self.register_buffer("tone", torch.ones(2, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return scaled(self.mix(images) ** self.power * self.tone)


def other_code(net: Net, images: torch.Tensor) -> torch.Tensor:
    return net.mix(images)


def double_weights(model: Generator) -> None:
    """As an optimizer of the user's own does it; torch counts no version of that."""
    for parameter in model.module.parameters():
        parameter.data.mul_(2)


CHANGES: dict[str, Callable[[Net, pytest.MonkeyPatch], object]] = {
    "weights in place": lambda net, _: net.mix.weight.data[0].add_(1),
    "one number": lambda net, _: net.mix.weight.data[1, 1].add_(1e-3),
    "attribute": lambda net, _: setattr(net, "power", 2.0),
    "attribute of torch's": lambda net, _: setattr(net.mix, "padding_mode", "circular"),
    "buffer of no file": lambda net, _: net.tone.mul_(2),
    "training": lambda net, _: net.train(),
    "code": lambda net, patch: patch.setattr(Net, "forward", other_code),
    "code of one": lambda net, _: setattr(net, "forward", lambda images: images),
    "constant": lambda net, patch: patch.setitem(globals(), "GAIN", 2.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fingerprint_changes_with_all_that_changes_the_output(change, monkeypatch):
    net = Net().eval()
    before = fingerprint(net)
    assert before is not None and fingerprint(net) == before
    CHANGES[change](net, monkeypatch)
    assert fingerprint(net) != before


def test_what_cannot_be_told_and_what_hooks_change_have_no_fingerprint():
    net = Net()
    net.stream = iter([1])
    assert fingerprint(net) is None
    del net.stream
    net.register_forward_hook(lambda *_: None)
    assert fingerprint(net) is None


def test_the_state_of_a_network_changes_with_weights_attributes_and_hooks():
    net = Net()
    states = [state_of(net)]
    with torch.no_grad():
        net.mix.bias[1] += 1
    states.append(state_of(net))
    net.mix.weight.data.mul_(2)
    states.append(state_of(net))
    net.power = 3.0
    states.append(state_of(net))
    net.register_forward_hook(lambda *_: None)
    states.append(state_of(net))
    assert len(set(states)) == len(states) and state_of(net) == states[-1]


def test_the_hash_of_weights_follows_what_is_no_edit_and_no_edit(monkeypatch):
    model = small_generator()
    before, memory = weights_hash(model.module), memory_of(model, "layer8a")
    directions = np.eye(memory.width, dtype=np.float32)[:1]
    change = np.ones((memory.weight.shape[0], 1, 3, 3), np.float32)
    edit = inscape.WeightEdit("layer8a", memory.parameter, directions, change)
    with model.edited([edit, edit]):
        assert weights_hash(model.module) == before != current_weights_hash(model.module)
    monkeypatch.setattr("inscape.models.weights._digest", lambda *_: "computed again")
    assert weights_hash(model.module) == before
    model.module.synthesis.b8.conv0.weight.data[0, 0, 0, 0] += 1
    assert weights_hash(model.module) == "computed again"


def a_plan(generator: Generator, **changes: object) -> Plan:
    plan = Plan(generator, GeneratedPictures(generator), ColourSegmenter(), ("units",), range(40))
    return replace(plan, **changes)


def test_batches_of_a_dissection_are_keyed_by_network_card_pictures_and_segmenter():
    generator, narrow = planted_generator(), planted_generator()
    narrow.card = narrow.card.model_copy(update={"pixel_range": (0.0, 1.0)})
    doubled, blunt, threshold = planted_generator(), planted_generator(), ColourSegmenter()
    doubled.module.synthesis.ground.mul_(2)
    blunt.module.synthesis.sharpness = 2
    threshold.level = 0.7
    plans = [a_plan(generator), a_plan(narrow), a_plan(doubled), a_plan(blunt)]
    plans.append(a_plan(generator, segmenter=threshold))
    plans.append(a_plan(generator, source=ScenePictures(inscape.scenes.world("town"), size=32)))
    keys = [plan.key() for plan in plans]
    assert None not in keys and len(set(keys)) == len(keys)
    assert a_plan(planted_generator()).key() == keys[0]


def test_photos_and_label_maps_are_keyed_by_their_bytes(tmp_path: Path):
    for name in ("photos/a.png", "maps/a.png"):
        (tmp_path / name).parent.mkdir()
        Image.new("L", (32, 32), 1).save(tmp_path / name, compress_level=0)
    (tmp_path / "maps" / "concepts.txt").write_text("none\ntree\n")

    def key() -> str | None:
        return FolderPictures(tmp_path / "photos", size=16, labels=tmp_path / "maps").key()

    keys = [key()]
    for name in ("photos/a.png", "maps/a.png"):
        known = (tmp_path / name).stat()
        Image.new("L", (32, 32), 2).save(tmp_path / name, compress_level=0)
        assert (tmp_path / name).stat().st_size == known.st_size
        os.utime(tmp_path / name, ns=(known.st_atime_ns, known.st_mtime_ns))
        keys.append(key())
    (tmp_path / "maps" / "concepts.txt").write_text("none\nbush\n")
    assert len({*keys, key()}) == 4


class Darker(SmallWorld):
    """Draws other pixels with the same labels, of which alone its hash tells."""

    def batch(self, *arguments, **options):
        pictures, labels = super().batch(*arguments, **options)
        return pictures // 2, labels

    def scene(self, seed: int, size: int = 64, rules: bool = True):
        return inscape.scenes.world("town").scene(seed, size)


def test_drawn_scenes_are_keyed_by_labels_and_pixels(tmp_path: Path, monkeypatch):
    caches = [SceneCache(tmp_path, world, 16, range(8), 0.5) for world in (SmallWorld(), Darker())]
    assert caches[0]._paths[0] != caches[1]._paths[0]
    folders = []
    for world in (SmallWorld(), Darker()):
        monkeypatch.setattr("inscape.scenes.world", lambda name, world=world: world)
        folders.append(ScenesAhead(tmp_path, world="town", size=16, count=8, first_seed=0)._plan.folder)
    assert folders[0] != folders[1]


def test_a_source_of_scenes_is_keyed_by_pixels(monkeypatch):
    source = ScenePictures(inscape.scenes.world("town"), size=32)
    before = source.key()
    assert source.key() == before
    drawn = inscape.scenes.world("town").scene
    monkeypatch.setattr(
        source._world, "scene", lambda *a, **b: replace(drawn(*a, **b), picture=drawn(*a, **b).picture // 2)
    )
    assert source.key() != before


def test_moments_and_banks_of_keys_belong_to_the_network_and_the_algorithm(home: Path, monkeypatch):
    model = small_generator()
    memory = memory_of(model, "layer8a")
    first, bank = key_moment(memory, samples=4), KeyBank(memory, 4)
    assert is_gathered(memory, samples=4)
    model.module.synthesis.b8.conv0.weight.data.mul_(2)
    model.module.synthesis.b4.conv1.weight.data.mul_(-1)
    assert not is_gathered(memory, samples=4)
    assert not torch.equal(key_moment(memory, samples=4).moment(), first.moment())
    direction = torch.ones(memory.width)
    assert not torch.equal(KeyBank(memory, 4).scores(direction), bank.scores(direction))
    monkeypatch.setattr(samples, "_VERSION", "another")
    assert not is_gathered(memory, samples=4)
    model.module.register_forward_hook(lambda *_: None)
    files = set((home / "cache" / "rewriting").iterdir())
    key_moment(memory, samples=4), KeyBank(memory, 4)
    assert set((home / "cache" / "rewriting").iterdir()) == files


def test_readings_are_dropped_where_the_network_changes():
    model = small_generator()
    rewriter = Rewriter(model, "layer8a", samples=4)
    before, space = rewriter.reading(3), rewriter.space
    assert rewriter.reading(3) is before and rewriter.space is space
    double_weights(model)
    assert not torch.equal(rewriter.reading(3).keys, before.keys) and rewriter.space is not space


def test_what_lies_below_a_brush_is_dropped_where_the_network_changes():
    model = small_generator()
    latent, session = model.sample(3).latent, PaintSession(model)
    edit = inscape.UnitEdit("layer16a", (0,), np.float32([3]), inscape.box(4, 4, 8, 8))
    before = session.render(latent, [edit])
    with model.edited([inscape.UnitEdit("layer8a", (0, 1, 2), mode="remove")]):
        hooked = session.render(latent, [edit])
    assert (session.render(latent, [edit]) == before).all() and (hooked != before).any()
    double_weights(model)
    fresh = PaintSession(model)
    assert (session.render(latent, [edit]) == fresh.render(latent, [edit])).all()
    assert (session.render(latent, [edit]) != before).any()


def test_walls_are_drawn_again_where_the_network_changes():
    model = small_generator()
    walls = Walls(model)
    walls.keep([1, 2], "layer16a")
    double_weights(model)
    assert (walls.draw([1, 2]) == Walls(model).draw([1, 2])).all()
    below = walls._states
    walls.keep([1, 2], "layer16a")
    double_weights(model)
    walls.keep([1], "layer16a")
    assert len(below) == 1


def test_an_inversion_is_of_the_networks_as_they_are(monkeypatch):
    from inscape.photos import find_inversion
    from photos.painted_photo import QUICK, inverted

    _, photo, found = inverted()
    calls: list[int] = []
    monkeypatch.setattr("inscape.photos.found.invert", lambda *_, **__: (calls.append(1), found)[1])
    mine = small_generator()

    def count() -> int:
        find_inversion(mine, photo, seconds=600, settings=QUICK)
        return len(calls)

    assert count() == count() == 1
    mine.module.synthesis.b8.conv0.weight.data.mul_(2)
    assert count() == 2
    monkeypatch.setattr("inscape.photos.found._VERSION", "another")
    assert count() == 3
    mine.module.register_forward_hook(lambda *_: None)
    assert (count(), count()) == (4, 5)


def test_a_converted_checkpoint_is_keyed_by_its_bytes_and_the_version_of_the_reader(tmp_path, monkeypatch):
    from inscape.models import converted
    from inscape.progress import SilentProgress

    path = tmp_path / "net.pt"

    def folder() -> Path:
        return converted.folder_for(path, SilentProgress(), remembered=True)

    path.write_bytes(b"one")
    folders = [folder()]
    path.write_bytes(b"two")
    folders.append(folder())
    monkeypatch.setattr(converted, "_VERSION", 10_000)
    folders.append(folder())
    assert len(set(folders)) == 3


def test_the_studio_reopens_a_network_whose_files_have_changed(tmp_path: Path):
    def export(seed: int) -> None:
        model = small_generator(seed, name="mine")
        storage.save_tensors(tmp_path / "mine" / "weights.safetensors", model.module.state_dict())
        model.card.write(tmp_path / "mine" / "card.json")

    export(0)
    library = Library({"mine": tmp_path / "mine"}, device="cpu")
    first = library.generator("mine")
    assert library.generator("mine") is first and library.changed() == []
    stamp = stamp_of(tmp_path / "mine" / "card.json")
    export(1)
    assert library.changed() == ["mine"] and library.changed() == []
    assert weights_hash(library.generator("mine").module) != weights_hash(first.module)
    assert stamp_of(tmp_path / "mine" / "card.json") != stamp
