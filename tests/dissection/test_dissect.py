from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import inscape
from dissection.planted import DOOR, INVERSE_TREE, NOISE, SKY, TREE, UNITS, ColourSegmenter, planted_generator
from inscape.activations import record
from inscape.concepts import Concept, Vocabulary
from inscape.dissection import (
    DissectionReport,
    Thumbnails,
    dissect,
    dissect_layers,
)
from inscape.dissection._pass import Plan
from inscape.errors import (
    CancelledError,
    LayerError,
    ShapeError,
    StorageError,
    UnsupportedError,
    UsageError,
    ValueRangeError,
)
from inscape.models.fingerprint import fingerprint
from inscape.scenes.scene import Scene
from inscape.sources import GeneratedPictures, ScenePictures
from reference import overlap as reference
from small_generators import small_generator
from stopping import StopsAfter

SMALL = Thumbnails(count=3, size=32)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets how many cores torch takes; what it was is put back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def planted_report():
    return dissect(planted_generator(), images=200, segmenter=ColourSegmenter(), label_size=16, top=SMALL)


def test_the_unit_that_is_a_concept_comes_out_as_that_concept(planted_report):
    for unit, concept in {SKY: "sky", DOOR: "door", TREE: "tree"}.items():
        finding = planted_report.findings[unit]
        assert finding.concept_best == concept
        assert finding.iou_best == pytest.approx(1.0)
        assert finding.counts and finding.iou_best > finding.chance
    door = planted_report.findings[DOOR]
    assert (door.concept, door.plane, door.iou) == ("door", "object", pytest.approx(1.0))


def test_the_best_brush_of_a_concept_is_the_unit_that_draws_it(planted_report):
    assert planted_report.units("door", top=1).units == (DOOR,)
    assert planted_report.units("tree", top=1).units == (TREE,)


def test_quantile_least_iou_and_border_are_those_that_were_asked_for(planted_report, tmp_path):
    report = dissect(
        planted_generator(),
        images=40,
        segmenter=ColourSegmenter(),
        label_size=32,
        top=1,
        quantile=0.3,
        miniou=1.0,
        border="zeros",
    )
    default = dissect(
        planted_generator(), images=40, segmenter=ColourSegmenter(), label_size=32, top=1, miniou=0.0
    )
    pairs = zip(report.findings, default.findings, strict=True)
    assert any(one.threshold < two.threshold for one, two in pairs)
    assert not any(finding.counts for finding in report.findings) and not report.matches
    assert any(finding.counts for finding in default.findings)
    document = report.to_json()
    assert (document["quantile"], document["miniou"], document["border"]) == (0.3, 1.0, "zeros")
    assert "miniou" not in document["units"][0]
    read = DissectionReport.load(report.save(tmp_path / "report"))
    assert (read.comparison, read.findings) == (report.comparison, report.findings)
    assert planted_report.to_json()["border"] == "repeat"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"quantile": 0.0}, "quantile"), ({"miniou": 1.5}, "least IoU"), ({"border": "zero"}, "did you mean")],
)
def test_options_out_of_range_are_refused_before_anything_runs(options, sentence):
    with pytest.raises(ValueRangeError, match=sentence):
        dissect(planted_generator(), images=40, segmenter=ColourSegmenter(), **options)


def test_a_unit_that_is_everything_but_a_tree_does_not_come_out_as_tree(planted_report):
    assert planted_report.findings[INVERSE_TREE].concept_best != "tree"


def test_units_of_noise_hardly_ever_count():
    class Noise(nn.Module):
        def forward(self, maps):
            seed = int(maps.double().sum().item() * 1e4) % 2**31
            return torch.randn(len(maps), 100, 4, 4, generator=torch.Generator().manual_seed(seed))

    generator = planted_generator()
    generator.module.synthesis.noise = Noise()
    forward = generator.module.synthesis.forward

    def with_noise(ws):
        generator.module.synthesis.noise(ws[:, 0])
        return forward(ws)

    generator.module.synthesis.forward = with_noise
    layer = generator.layers["units"].model_copy(
        update={"name": "noise", "units": 100, "module": "synthesis.noise"}
    )
    generator.card = generator.card.model_copy(update={"layers": (layer,), "default_layer": "noise"})
    report = dissect(generator, "noise", images=150, segmenter=ColourSegmenter(), label_size=32, top=1)
    assert sum(finding.counts for finding in report.findings) <= 5  # two of a hundred are expected


def test_numbers_agree_with_the_reference_on_real_activations():
    generator = small_generator()
    segmenter = Brightness()
    report = dissect(generator, "layer8a", images=20, segmenter=segmenter, seed=5, top=SMALL)
    with record(generator.module, [generator.layer("layer8a").module]) as recorded:
        images = generator.images(generator.to_w(generator.latents(range(5, 25))))
    maps = recorded.outputs[generator.layer("layer8a").module]
    thresholds, iou = reference.table_of_top(
        maps, segmenter.segment(images.clamp(-1, 1)), len(segmenter.vocabulary)
    )
    np.testing.assert_allclose([f.threshold for f in report.findings], thresholds, atol=2e-6)
    np.testing.assert_allclose(report.values.iou.T, iou[:, 1:], atol=5e-4)


class Brightness(nn.Module):
    """Dark, light; and a second plane for reddish pixels."""

    vocabulary = Vocabulary([Concept("dark", "tone"), Concept("light", "tone"), Concept("red", "hue")])

    def segment(self, images):
        tone = torch.where(images.mean(1) > 0, 2, 1)
        hue = torch.where(images[:, 0] > images[:, 1:].amax(1), 3, 0)
        return torch.stack([tone, hue], 1).to(torch.uint8)


@pytest.mark.parametrize(("size", "batches"), [(64, (32, 32)), (256, (2, 8)), (1024, (1, 1))])
def test_batches_hold_fewer_pictures_where_those_are_larger(size, batches, monkeypatch):
    generator = planted_generator()
    generator.card = generator.card.model_copy(update={"image_size": size})
    plan = Plan(generator, GeneratedPictures(generator), ColourSegmenter(), ("units",), range(40))
    found = []
    for side_by_side in (True, False):
        monkeypatch.setattr(Plan, "side_by_side", side_by_side)
        found.append(plan.batch)
    assert tuple(found) == batches
    assert sum(map(len, plan.batches())) == 40


def test_a_run_that_was_stopped_goes_on_and_ends_like_one_that_was_not(home: Path):
    whole = dissect(planted_generator(), images=100, segmenter=ColourSegmenter(), label_size=16, top=SMALL)
    with pytest.raises(CancelledError, match="Stopped"):
        dissect(
            planted_generator(),
            images=100,
            segmenter=ColourSegmenter(),
            label_size=16,
            progress=StopsAfter(64),
            top=SMALL,
        )
    kept = list((home / "cache" / "dissections").glob("*/batch-*.json"))
    assert len(kept) == 3
    generator = planted_generator()
    resumed = dissect(generator, images=100, segmenter=ColourSegmenter(), label_size=16, top=SMALL)
    assert generator.module.synthesis.batches == 1
    assert resumed.findings == whole.findings
    for name, tensor in whole.tensors().items():
        assert torch.equal(tensor, resumed.tensors()[name]), name


def test_cores_side_by_side_find_what_one_finds_and_go_on_after_a_stop(home: Path, threads, monkeypatch):
    monkeypatch.setattr("inscape.dissection._pass.BATCH", 8)

    def found(**options: Any) -> DissectionReport:
        return dissect(inscape.open("town", device="cpu"), images=60, top=SMALL, **options)

    threads(1)
    alone = found()
    threads(3)
    with pytest.raises(CancelledError, match="Stopped"):
        found(progress=StopsAfter(24))
    assert len(list((home / "cache" / "dissections").glob("*/batch-*.json"))) >= 3
    together = found()
    assert together.findings == alone.findings
    for name, tensor in alone.tensors().items():
        assert torch.equal(tensor, together.tensors()[name]), name


def test_a_damaged_batch_is_computed_again(home: Path):
    with pytest.raises(CancelledError, match="Stopped"):
        dissect(planted_generator(), images=96, segmenter=ColourSegmenter(), progress=StopsAfter(64))
    [folder] = [path for path in (home / "cache" / "dissections").iterdir() if path.is_dir()]
    damaged = bytearray((folder / "array-000.raw").read_bytes())
    damaged[5] ^= 255
    (folder / "array-000.raw").write_bytes(damaged)
    generator = planted_generator()
    dissect(generator, images=96, segmenter=ColourSegmenter(), top=1)
    assert generator.module.synthesis.batches == 1


def test_other_weights_do_not_take_up_an_old_run():
    with pytest.raises(CancelledError, match="Stopped"):
        dissect(planted_generator(), images=64, segmenter=ColourSegmenter(), progress=StopsAfter(40))
    generator = planted_generator()
    generator.module.synthesis.ground += 0.01
    dissect(generator, images=64, segmenter=ColourSegmenter(), top=1)
    assert generator.module.synthesis.batches == 2


def test_nothing_is_left_behind_when_it_is_done(home: Path):
    dissect(planted_generator(), images=40, segmenter=ColourSegmenter(), top=1)
    assert list((home / "cache" / "dissections").iterdir()) == []


def test_a_network_with_hooks_has_no_key():
    network = planted_generator().module
    assert fingerprint(network) == fingerprint(planted_generator().module)
    handle = network.synthesis.register_forward_hook(lambda *_: None)
    assert fingerprint(network) is None
    handle.remove()


def test_the_key_of_a_network_follows_its_weights():
    network = planted_generator().module
    before = fingerprint(network)
    next(iter(network.state_dict().values())).add_(1)
    assert fingerprint(network) != before


def test_a_full_disk_is_said_plainly(monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inscape.dissection._kept.KeptArray.write", full)
    with pytest.raises(StorageError, match="No space left on device"):
        dissect(planted_generator(), images=40, segmenter=ColourSegmenter())


def test_several_layers_take_one_pass_and_equal_separate_ones():
    generator, names = small_generator(), ["layer8a", "layer16a"]
    together = dissect_layers(generator, names, images=40, segmenter=Brightness(), top=SMALL)
    assert list(together) == names
    for name in names:
        alone = dissect(generator, name, images=40, segmenter=Brightness(), top=SMALL)
        assert alone.findings == together[name].findings
        assert alone.top.sprites.strip(3) == together[name].top.sprites.strip(3)


def test_seconds_name_every_part(planted_report):
    assert planted_report.seconds.keys() == {"total", "model", "segmenter", "statistics", "page"}
    parts = {name: spent for name, spent in planted_report.seconds.items() if name != "total"}
    assert 0 < sum(parts.values()) <= planted_report.seconds["total"]


def test_top_pictures_are_those_with_the_highest_peaks(planted_report):
    generator = planted_generator()
    with record(generator.module, ["synthesis.units"]) as recorded:
        generator.images(generator.to_w(generator.latents(range(200))))
    peaks = recorded.outputs["synthesis.units"].amax((2, 3))
    for unit in range(NOISE.start, UNITS):
        expected = peaks[:, unit].topk(3)
        assert planted_report.top.seeds[unit].tolist() == expected.indices.tolist()
        torch.testing.assert_close(planted_report.top.peaks[unit], expected.values)


class Stripes:
    """A world of one concept: a bright stripe whose place is the seed."""

    name = "stripes"
    vocabulary = Vocabulary([Concept("stripe", "object")])

    def scene(self, seed: int, size: int = 256, rules: bool = True) -> Scene:
        picture, labels = np.zeros((size, size, 3), np.uint8), np.zeros((1, size, size), np.uint8)
        first = (seed * 4) % (size - 8)
        picture[:, first : first + 8], labels[0, :, first : first + 8] = 255, 1
        return Scene(picture, labels, (), (), seed, {})

    def hash(self) -> str:
        return "stripes-1"


def test_a_classifier_is_dissected_over_scenes_with_exact_labels():
    network = nn.Sequential(
        nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)
    )
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([1.0, -1.0])[:, None, None, None].expand(2, 3, 1, 1))
    model = inscape.open(network, card={"image_size": 32, "name": "tiny"}, device="cpu")
    source = ScenePictures(Stripes(), size=32)
    report = dissect_layers(model, ["1", "2", "3"], 48, source=source, top=1)["1"]
    assert (report.model, report.source, report.segmenter) == ("tiny", "stripes", None)
    assert report.findings[0].concept_best == "stripe"
    assert report.findings[0].iou_best == pytest.approx(1.0)
    assert report.findings[1].iou_best < 0.3


def test_unknown_layers_and_senseless_numbers_are_refused():
    generator = planted_generator()
    with pytest.raises(LayerError, match="did you mean 'units'"):
        dissect(generator, "unitz", segmenter=ColourSegmenter())
    with pytest.raises(ValueRangeError, match="at least 4 pictures, got 3"):
        dissect(generator, images=3, segmenter=ColourSegmenter())
    with pytest.raises(UsageError, match="from 0 to 4294967295"):
        dissect(generator, images=10, seed=2**32 - 5, segmenter=ColourSegmenter())
    with pytest.raises(UnsupportedError, match="names no segmenter"):
        dissect(generator, images=10)
    with pytest.raises(ValueRangeError, match="top picture"):
        dissect(generator, images=10, segmenter=ColourSegmenter(), top=0)


def test_many_top_pictures_make_a_strip_that_webp_can_hold():
    for count in (8, 64, 400):
        size = Thumbnails(count).size_for(256)
        assert size * count <= 16_383 and size == min(256, 16_383 // count)


def test_large_label_maps_are_compared_at_128_pixels_unless_asked_otherwise():
    class Fine(ColourSegmenter):
        def segment(self, images):
            return super().segment(images).repeat_interleave(16, 2).repeat_interleave(16, 3)

    model = planted_generator()
    small, asked, usual = (
        dissect(model, images=8, segmenter=Fine(), label_size=size) for size in (model.image_size, 128, None)
    )
    plain = dissect(model, images=8, segmenter=ColourSegmenter())
    assert usual.findings == asked.findings != small.findings == plain.findings


def test_a_segmenter_that_gives_something_else_is_named():
    class Wrong(ColourSegmenter):
        def segment(self, images):
            return super().segment(images).long()

    with pytest.raises(ShapeError, match="uint8"):
        dissect(planted_generator(), images=8, segmenter=Wrong())


def test_tokens_that_are_no_square_of_patches_are_refused():
    class Tokens(nn.Module):
        def forward(self, images):
            return images.flatten(2).transpose(1, 2)[:, :60]

    model = inscape.open(nn.Sequential(Tokens()), card={"image_size": 16}, device="cpu")
    with pytest.raises(UnsupportedError, match=r"60 tokens are no square .*\[batch, unit, height, width\]"):
        dissect(model, "0", 8, source=ScenePictures(Stripes(), size=16))
