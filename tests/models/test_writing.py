"""Models go back into the files that they came from, and from one format into another."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import inscape
from inscape import storage
from inscape.cli.main import run
from inscape.errors import FormatError, UnsupportedError, UsageError
from inscape.models import write_model
from inscape.models.architectures.dcgan import DCGAN, DCGANConfig
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.formats.open_file import contents, found_in
from inscape.storage import read_pickle
from models.foreign import (
    dcgan_weights,
    nvidia,
    progan_weights,
    rosinality,
    sequential,
    small_stylegan2,
    small_stylegan3,
)
from models.options import generators

MADE = generators()
DATA = os.environ.get("INSCAPE_TEST_DATA")


def tensors_of(value, prefix=""):
    """Every tensor in what was read from a file, by where it is."""
    if isinstance(value, torch.Tensor):
        yield prefix, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from tensors_of(inner, f"{prefix}/{key}")
    elif hasattr(value, "state"):
        yield from tensors_of(dict(value.state), prefix)


def made(kind: str, folder: Path) -> Path:
    """A file of each kind, with more in it than the generator."""
    path, network = folder / f"{kind}.bin", small_stylegan2()
    if kind.startswith("nvidia"):
        options = {"nvidia-conditional": {"c_dim": 3}, "nvidia-clamp": {"conv_clamp": 0.5}}.get(kind, {})
        protocol = 2 if kind.endswith("protocol-2") else 4
        more = {"D": {"b4.weight": torch.randn(5, 5)}, "kimg": 25_000}
        return nvidia(small_stylegan2(**options), path, protocol=protocol, **more)
    if kind.startswith("stylegan3"):
        return nvidia(small_stylegan3(radial=kind.endswith("r")), path, kimg=3)
    weights = rosinality(network)
    run = {
        "g": {name: value.clone() for name, value in weights.items()},
        "d": {"final.weight": torch.randn(9)},
        "g_ema": {**weights},
        "ada_aug_p": 0.3,
    }
    values = {
        "rosinality": {"g_ema": weights, "latent_avg": network.mapping.w_avg},
        "rosinality-run": run,
        "rosinality-legacy": run,
        "rosinality-half": {name: value.half() for name, value in weights.items()},
        "sequential": sequential(network, split=True),
        "progan": progan_weights(ProGAN(ProGANConfig(7, (6, 5))), old=False),
        "progan-old": {"state_dict": progan_weights(ProGAN(ProGANConfig(7, (6, 5))), old=True)},
        "dcgan": dcgan_weights(DCGAN(DCGANConfig(20, (8, 6)))),
    }
    torch.save(values[kind], path, _use_new_zipfile_serialization=not kind.endswith("legacy"))
    return path


KINDS = (
    *("nvidia", "nvidia-protocol-2", "nvidia-conditional", "nvidia-clamp", "stylegan3-t", "stylegan3-r"),
    *("rosinality", "rosinality-run", "rosinality-legacy", "rosinality-half", "sequential"),
    *("progan", "progan-old", "dcgan"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unchanged_model_gives_its_file_byte_for_byte(tmp_path, kind):
    path = made(kind, tmp_path)
    model = inscape.open(path, device="cpu")
    written = write_model(model, tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == path.read_bytes()
    assert written.max_difference == 0


@pytest.mark.skipif(DATA is None, reason="INSCAPE_TEST_DATA is not set: checkpoints of the original code")
def test_an_unchanged_checkpoint_of_the_original_code_comes_back_byte_for_byte(tmp_path):
    files = [
        file for file in (Path(DATA) / "checkpoints").iterdir() if file.suffix in (".pkl", ".pt", ".pth")
    ]
    assert len(files) == 7
    for file in files:
        write_model(inscape.open(file, device="cpu"), tmp_path / file.name)
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_was_changed_is_changed_in_the_file(tmp_path, kind):
    path, out = made(kind, tmp_path), tmp_path / "edited.bin"
    model = inscape.open(path, device="cpu")
    weight = _weight(model)
    with torch.no_grad():
        weight.mul_(0.5)
    before = inscape.open(path, device="cpu")
    written = write_model(model, out)
    assert written.max_difference <= (2e-3 if kind.endswith("half") else 0)
    after = inscape.open(out, device="cpu")
    assert torch.equal(_weight(after), weight) and not torch.equal(_weight(before), weight)
    assert kind.endswith("protocol-2") or out.stat().st_size == path.stat().st_size
    old = dict(tensors_of(read_pickle(path).value))
    new = dict(tensors_of(read_pickle(out).value))
    assert old.keys() == new.keys()
    changed = [name for name in old if not torch.equal(old[name], new[name])]
    assert len(changed) == 1 and old[changed[0]].dtype == new[changed[0]].dtype
    if not kind.startswith(("nvidia", "stylegan3")):  # the original's own reader takes it, checksums and all
        torch.load(out, weights_only=True)  # noqa: TID251


def kept(model) -> dict[str, torch.Tensor]:
    """What every file of the kind has a place for."""
    absent = found_in(contents(model.origin))[1].absent | ({"mapping.w_avg"} if averages(model) else set())
    return {name: value for name, value in model.module.state_dict().items() if name not in absent}


def averages(model) -> bool:
    return found_in(contents(model.origin))[1].average_missing


@pytest.mark.parametrize("kind", KINDS)
def test_each_tensor_of_the_network_is_written_and_nothing_else(tmp_path, kind):
    path, out = made(kind, tmp_path), tmp_path / "edited.bin"
    model = inscape.open(path, device="cpu")
    old = dict(tensors_of(read_pickle(path).value))
    places = kept(model)
    for value in places.values():
        value += 1
    write_model(model, out)
    new = dict(tensors_of(read_pickle(out).value))
    changed = [place for place in old if not torch.equal(old[place], new[place])]
    assert old.keys() == new.keys() and len(changed) == len(places)
    for place in changed:
        gain = 4.0 if place.endswith(("blur.kernel", "upsample.kernel")) or "/up_rgb" in place else 1.0
        grown = new[place].double() - old[place].double()
        rounding = (1e-3 if kind.endswith("half") else 2e-7) * float(new[place].abs().max())
        assert float((grown - gain).abs().max()) <= rounding, place


READER = """
import sys, torch, inscape
from safetensors.torch import save_file
for path in sys.argv[1:]:
    save_file(inscape.open(path, device="cpu").module.state_dict(), path + ".read")
"""


def test_a_fresh_process_reads_every_change_of_every_format(tmp_path):
    expected = {}
    for kind in KINDS:
        model = inscape.open(made(kind, tmp_path), device="cpu")
        for value in kept(model).values():
            value += 1
        for end, options in (("again", {}), ("plain", {"format": "safetensors"})):
            out = tmp_path / f"{kind}.{end}"
            write_model(model, out, **options)
            expected[out] = kind, model
        if kind == "nvidia":
            write_model(model, out := tmp_path / "made.pt")
            expected[out] = kind, model
    subprocess.run([sys.executable, "-c", READER, *map(str, expected)], check=True, cwd=tmp_path)
    for out, (kind, model) in expected.items():
        read = load_file(f"{out}.read")
        places = kept(model) if out.suffix == ".again" else model.module.state_dict()
        if out.name == "made.pt":
            places = {name: value for name, value in places.items() if name not in model.module.idle_tensors}
        for name, value in places.items():
            rounded = value.half().float() if kind.endswith("half") and out.suffix == ".again" else value
            assert torch.equal(read[name], rounded), (out.name, name)


@pytest.mark.parametrize(
    ("kind", "tensor"),
    [
        ("rosinality-run", "mapping.w_avg"),
        ("sequential", "synthesis.b8.conv0.noise_const"),
        ("nvidia-silent", "synthesis.b16.conv1.noise_strength"),
    ],
)
def test_a_tensor_that_a_file_has_no_place_for_is_named(tmp_path, kind, tensor):
    if kind == "nvidia-silent":
        path = nvidia(MADE["stylegan2-ada/synthesis.use_noise=False"][0], tmp_path / "g.pkl")
        tensor = "synthesis.b8.conv1.noise_strength"
    else:
        path = made(kind, tmp_path)
    before, model = path.read_bytes(), inscape.open(path, device="cpu")
    model.module.state_dict()[tensor].add_(1)
    with pytest.raises(UnsupportedError, match=f"no place for its '{tensor}'.*--format safetensors"):
        write_model(model, path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_an_option_that_a_format_has_no_place_for_is_named(tmp_path):
    path = nvidia(MADE["stylegan2-ada/synthesis.activation=relu"][0], tmp_path / "g.pkl")
    model = inscape.open(path, device="cpu")
    with pytest.raises(UnsupportedError, match="has no place for its activation of relu"):
        write_model(model, tmp_path / "g.pt")
    assert write_model(model, tmp_path / "g.safetensors").max_difference == 0


def test_the_average_is_kept_beside_what_the_rewriting_code_asks_for(tmp_path):
    model = inscape.open(made("nvidia", tmp_path), device="cpu")
    write_model(model, tmp_path / "g.pt")
    value = torch.load(tmp_path / "g.pt", weights_only=True)  # noqa: TID251
    assert value["latent_avg"].shape == () and value["mean_latent"].shape == (1, 12)
    assert torch.equal(
        inscape.open(tmp_path / "g.pt", device="cpu").module.mapping.w_avg, model.module.mapping.w_avg
    )


def _weight(model) -> torch.Tensor:
    layer = model.module.get_submodule(model.layer().module.removesuffix(".inside"))
    return layer.weight if hasattr(layer, "weight") else layer.conv.weight


def test_a_file_may_be_written_over_itself(tmp_path):
    path = made("rosinality", tmp_path)
    model = inscape.open(path, device="cpu")
    with torch.no_grad():
        _weight(model).add_(1.0)
    write_model(model, path)
    assert torch.equal(_weight(inscape.open(path, device="cpu")), _weight(model))


def test_from_nvidia_to_rosinality_and_back(tmp_path):
    source = made("nvidia", tmp_path)
    model = inscape.open(source, device="cpu")
    there = write_model(model, tmp_path / "there.pt", format="rosinality")
    assert there.max_difference == 0
    back = write_model(
        inscape.open(there.path, device="cpu"), tmp_path / "back.pkl", format="nvidia", template=source
    )
    assert back.path.read_bytes() == source.read_bytes()
    loaded = torch.load(there.path, weights_only=True)  # noqa: TID251
    assert loaded["g_ema"].keys() == rosinality(small_stylegan2()).keys()
    for name, value in rosinality(small_stylegan2()).items():
        assert torch.equal(loaded["g_ema"][name], value), name


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_goes_to_safetensors_and_back(tmp_path, kind):
    source = made(kind, tmp_path)
    model = inscape.open(source, device="cpu")
    written = write_model(model, tmp_path / "plain.safetensors")
    assert written.max_difference == 0 and written.format == "safetensors"
    opened = inscape.open(written.path, device="cpu")
    assert opened.card == model.card
    own = {"sequential": "rosinality", "stylegan3-t": "nvidia", "stylegan3-r": "nvidia"}
    format = own.get(kind, kind.partition("-")[0])
    write_model(opened, tmp_path / "back.bin", format=format, template=source)
    assert (tmp_path / "back.bin").read_bytes() == source.read_bytes()


def test_a_template_of_other_sizes_is_refused(tmp_path):
    model = inscape.open(made("rosinality", tmp_path), device="cpu")
    other = nvidia(small_stylegan2(mapping_layers=3), tmp_path / "other.pkl")
    with pytest.raises(FormatError, match="other sizes than 'rosinality': mapping_layers is 3, not 2"):
        write_model(model, tmp_path / "x.pkl", template=other)
    with pytest.raises(FormatError, match="of the format 'nvidia', got 'rosinality'"):
        write_model(model, tmp_path / "x.pkl", template=tmp_path / "rosinality.bin")
    with pytest.raises(UsageError, match="Name a file with the same sizes"):
        write_model(model, tmp_path / "x.pkl")
    assert not (tmp_path / "x.pkl").exists()


def test_what_a_format_has_no_place_for_is_refused(tmp_path):
    conditional = inscape.open(made("nvidia-conditional", tmp_path), device="cpu")
    with pytest.raises(UnsupportedError, match="draws classes"):
        write_model(conditional, tmp_path / "x.pt", format="rosinality")
    progan = inscape.open(made("progan", tmp_path), device="cpu")
    with pytest.raises(UnsupportedError, match="holds StyleGAN2 only"):
        write_model(progan, tmp_path / "x.pt", format="rosinality")
    with pytest.raises(UsageError, match="no format 'dcgann'; did you mean 'dcgan'"):
        write_model(progan, tmp_path / "x.pt", format="dcgann")
    with pytest.raises(UsageError, match="Name a file with the same sizes"):
        write_model(progan, tmp_path / "x.pt", format="dcgan")
    assert not (tmp_path / "x.pt").exists()


def test_what_was_written_does_not_fill_the_cache(tmp_path):
    model = inscape.open(made("nvidia", tmp_path), device="cpu")
    held = list((storage.cache_folder() / "models").iterdir())
    write_model(model, tmp_path / "g.pt")
    assert list((storage.cache_folder() / "models").iterdir()) == held


def test_a_module_of_somebody_else_is_not_written(tmp_path):
    model = inscape.open(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1)), card={"image_size": 8}, device="cpu")
    with pytest.raises(UnsupportedError, match="cannot build from weights alone"):
        write_model(model, tmp_path / "x.safetensors")
    assert not (tmp_path / "x.safetensors").exists()


def test_a_clamp_that_is_lost_shows_in_the_difference(tmp_path):
    model = inscape.open(made("nvidia-clamp", tmp_path), device="cpu")
    assert write_model(model, tmp_path / "x.pt", format="rosinality").max_difference > 0.01


def test_the_verb_says_how_far_the_pictures_are(tmp_path, capsys):
    source, out = made("nvidia", tmp_path), tmp_path / "g.pt"
    assert run(["convert", str(source), str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"files": [str(out)], "max_difference": 0.0}
    assert run(["convert", str(out), str(tmp_path / "g.pkl")]) == 2
    assert "--template" in capsys.readouterr().err
    assert run(["convert", str(out), str(tmp_path / "g.pkl"), "--template", str(source)]) == 0
    assert (tmp_path / "g.pkl").read_bytes() == source.read_bytes()


def test_safetensors_without_a_card_ask_for_one(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, tmp_path / "plain.safetensors")
    with pytest.raises(FormatError, match="no card"):
        inscape.open(tmp_path / "plain.safetensors")
    save_file({"a": torch.zeros(2)}, tmp_path / "bad.safetensors", metadata={"inscape_card": "{"})
    with pytest.raises(FormatError, match="not JSON"):
        inscape.open(tmp_path / "bad.safetensors")
    model = inscape.open(made("progan", tmp_path), device="cpu")
    model.card.write(tmp_path / "card.json")
    with pytest.raises(FormatError, match="does not fit its card: it lacks"):
        inscape.open(tmp_path / "plain.safetensors")


def test_what_is_written_to_a_pickle_is_still_a_pickle_of_the_same_objects(tmp_path):
    source = made("nvidia", tmp_path)
    write_model(inscape.open(source, device="cpu"), tmp_path / "again.pkl")
    names = []

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            names.append(f"{module}.{name}")
            return dict if name in ("OrderedDict", "EasyDict") else lambda *arguments: arguments

    with (tmp_path / "again.pkl").open("rb") as stream:
        value = Recorder(stream).load()
    assert value["kimg"] == 25_000 and "torch_utils.persistence._reconstruct_persistent_obj" in names
