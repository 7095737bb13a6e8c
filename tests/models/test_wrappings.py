"""What people wrap a generator in: prefixes, dictionaries, modules, folders; and what else a file can be."""

from __future__ import annotations

import io
import json
import pickle
import sys
import tarfile
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import inscape
from inscape import storage
from inscape.errors import FormatError, InscapeError, UnsupportedError
from inscape.models import converted
from inscape.models.architectures.dcgan import DCGAN, DCGANConfig
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.formats import open_file as opening
from inscape.progress import CallbackProgress
from models.foreign import dcgan_weights, nvidia, progan_weights, record, rosinality, small_stylegan2

Z = torch.from_numpy(np.random.RandomState(1).standard_normal((2, 12))).float()


def dcgan(colours: int = 3) -> DCGAN:
    torch.manual_seed(0)
    return DCGAN(DCGANConfig(12, (8, 6), (), colours)).eval()


def prefixed(prefix: str, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {prefix + name: value for name, value in weights.items()}


def opened(path: Path, value: object) -> inscape.Model:
    torch.save(value, path)
    return inscape.open(path, device="cpu")


def draws_the_same(model: inscape.Model, network: torch.nn.Module) -> bool:
    with torch.inference_mode():
        return torch.allclose(model.module(Z), network(Z), atol=1e-6)


PREFIXES = (
    *("module.", "generator.", "decoder.", "netG.", "g_ema.", "G_ema.", "module.netG.", "generator.module."),
    "model.generator.",
)
WRAPPINGS = {
    "a prefix": lambda weights, prefix: prefixed(prefix, weights),
    "beside a discriminator": lambda weights, prefix: {
        **prefixed(prefix, weights),
        "discriminator.main.0.weight": torch.zeros(4, 3, 4, 4),
    },
    "one level down": lambda weights, prefix: {"state_dict": prefixed(prefix, weights), "epoch": 3},
    "two levels down": lambda weights, prefix: {"models": {"params_ema": prefixed(prefix, weights)}},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_state_dict_opens_under_every_prefix(tmp_path, wrapping, prefix):
    network = dcgan()
    model = opened(tmp_path / "g.pth", WRAPPINGS[wrapping](dcgan_weights(network), prefix))
    assert draws_the_same(model, network)


@pytest.mark.parametrize("holder", ["model", "modelG", "params_ema", "g_ema", "netG", "generator_state_dict"])
@pytest.mark.parametrize("prefix", ["", "module.", "decoder."])
def test_a_stylegan2_of_rosinality_opens_in_every_holder(tmp_path, holder, prefix):
    network = small_stylegan2()
    value = {holder: prefixed(prefix, rosinality(network)), "latent_avg": network.mapping.w_avg}
    model = opened(tmp_path / "g.pt", value | {"d": {"convs.0.0.weight": torch.zeros(1)}, "iteration": 7})
    assert draws_the_same(model, network)
    assert torch.equal(model.module.mapping.w_avg, network.mapping.w_avg)


def test_the_average_of_a_training_is_preferred(tmp_path):
    network, other = dcgan(), dcgan()
    torch.nn.init.zeros_(other.synthesis.output.weight)
    value = {"G": dcgan_weights(other), "netG_ema": dcgan_weights(network)}
    assert draws_the_same(opened(tmp_path / "g.pth", value), network)
    alone = opened(tmp_path / "h.pth", {"G": dcgan_weights(network)})
    assert "those of 'G', not averaged" in alone.card.description


def test_several_generators_are_named(tmp_path):
    value = {"first": dcgan_weights(dcgan()), "second": dcgan_weights(dcgan())}
    with pytest.raises(UnsupportedError, match="holds several networks: 'first', 'second'"):
        opened(tmp_path / "g.pth", value)


class Generator(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        layers = [torch.nn.ConvTranspose2d(12, 8, 4, bias=False), torch.nn.BatchNorm2d(8), torch.nn.ReLU()]
        layers += [torch.nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False), torch.nn.Tanh()]
        self.main = torch.nn.Sequential(*layers)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.main(z[:, :, None, None])


def test_a_whole_module_is_read_without_its_class(tmp_path, monkeypatch):
    module = types.ModuleType("their_networks")
    monkeypatch.setitem(sys.modules, "their_networks", module)
    monkeypatch.setattr(Generator, "__module__", "their_networks")
    module.Generator = Generator
    network = Generator().eval()
    torch.save(torch.nn.DataParallel(network), tmp_path / "whole.pth")
    torch.save({"netG": network, "optimizer": torch.optim.Adam(network.parameters())}, tmp_path / "run.pth")
    monkeypatch.delitem(sys.modules, "their_networks")
    for name in ("whole.pth", "run.pth"):
        assert draws_the_same(inscape.open(tmp_path / name, device="cpu"), network)
    assert "their_networks" not in sys.modules


@pytest.mark.parametrize("name", ["label_emb", "embed"])
def test_a_conditional_dcgan_is_refused_by_name(tmp_path, name):
    embedding = {f"{name}.weight": torch.zeros(10, 4)}
    for weights in ({**embedding, **dcgan_weights(dcgan())}, {**dcgan_weights(dcgan()), **embedding}):
        with pytest.raises(UnsupportedError, match=f"'{name}.weight'.*classes"):
            opened(tmp_path / "g.pth", weights)
    with pytest.raises(UnsupportedError, match=f"has '{name}' beside its generator"):
        opened(tmp_path / "g.pth", {"netG": dcgan_weights(dcgan()), name: {"weight": torch.zeros(10, 4)}})
    stylegan2 = prefixed("generator.", rosinality(small_stylegan2()))
    with pytest.raises(UnsupportedError, match=f"has '{name}.weight' beside its generator"):
        opened(tmp_path / "g.pth", {**stylegan2, **embedding})


def test_a_tensor_that_no_part_takes_is_named(tmp_path):
    more = {"attention.gamma": torch.zeros(1)}
    with pytest.raises(InscapeError, match=r"attention\.gamma"):
        opened(tmp_path / "d.pth", dcgan_weights(dcgan()) | more)
    with pytest.raises(InscapeError, match=r"attention\.gamma"):
        opened(tmp_path / "p.pth", progan_weights(ProGAN(ProGANConfig(12, (4, 4))), old=False) | more)
    with pytest.raises(InscapeError, match=r"attention\.gamma"):
        opened(tmp_path / "n.pt", dict(small_stylegan2().state_dict()) | more)


def test_an_average_of_w_may_stand_once_for_each_layer(tmp_path):
    network, value = small_stylegan2(), torch.arange(12.0)
    model = opened(tmp_path / "g.pt", {"g_ema": rosinality(network), "latent_avg": value.repeat(6, 1)})
    assert torch.equal(model.module.mapping.w_avg, value)
    with pytest.raises(FormatError, match="another 'latent_avg' for each layer"):
        opened(tmp_path / "x.pt", {"g_ema": rosinality(network), "latent_avg": torch.randn(6, 12)})


@pytest.mark.parametrize("given", [torch.tensor(0.5), torch.tensor([0.5]), torch.tensor(float("nan"))])
def test_a_single_number_is_no_average_of_w(tmp_path, given):
    """The rewriting code keeps a number there that it never reads: the first of the average, or zero."""
    weights = rosinality(small_stylegan2())
    model = opened(tmp_path / "g.pt", {"g_ema": weights, "latent_avg": given})
    without = opened(tmp_path / "n.pt", {"g_ema": weights})
    assert torch.equal(model.module.mapping.w_avg, without.module.mapping.w_avg)
    assert bool(model.module.mapping.w_avg.isfinite().all())


def test_a_file_without_noise_gets_some_and_says_so(tmp_path):
    network = small_stylegan2()
    weights = {name: each for name, each in rosinality(network).items() if not name.startswith("noises.")}
    model = opened(tmp_path / "g.pt", weights)
    assert "no noise" in model.card.description
    with torch.inference_mode():
        w = network.mapping(Z)
        silent = [each.synthesis(w, noise_mode="none") for each in (network, model.module)]
    assert torch.allclose(*silent, atol=1e-6)


@pytest.mark.parametrize("colours", [1, 4])
@pytest.mark.parametrize("kind", ["dcgan", "progan", "stylegan2"])
def test_grey_and_rgba_pictures_become_rgb(tmp_path, kind, colours):
    torch.manual_seed(1)
    if kind == "stylegan2":
        network = small_stylegan2(colours=colours)
        model = inscape.open(nvidia(network, tmp_path / "g.pkl"), device="cpu")
        again = opened(tmp_path / "g.pt", {"g_ema": rosinality(network)})
        assert again.module.config.colours == colours
    elif kind == "dcgan":
        network = dcgan(colours)
        model = opened(tmp_path / "g.pth", dcgan_weights(network))
    else:
        network = ProGAN(ProGANConfig(12, (4, 4), colours)).eval()
        model = opened(tmp_path / "g.pth", progan_weights(network, old=False))
    assert draws_the_same(model, network) and model.module.config.colours == colours
    with torch.inference_mode():
        picture = model.module(Z)
    assert picture.shape[1] == 3
    grey = torch.equal(picture[:, :1].expand_as(picture), picture)
    assert grey == (colours == 1)
    again = inscape.open(model.origin, device="cpu")  # from the cache
    assert again.card.config["colours"] == colours and draws_the_same(again, network)


def test_bare_tensors_under_nvidias_names_open(tmp_path):
    network = small_stylegan2()
    tensors = {name: value.clone() for name, value in network.state_dict().items()}
    assert draws_the_same(opened(tmp_path / "g.pt", prefixed("G_ema.", tensors)), network)
    save_file(tensors, tmp_path / "g.safetensors")
    assert draws_the_same(inscape.open(tmp_path / "g.safetensors", device="cpu"), network)
    stylegan3 = {"synthesis.input.weight": torch.zeros(2, 2), "mapping.fc0.weight": torch.zeros(2, 2)}
    with pytest.raises(UnsupportedError, match="the tensors of a StyleGAN3 alone"):
        opened(tmp_path / "s3.pt", stylegan3)


def test_arrays_of_protocol_5_are_read(tmp_path):
    value = {"a": np.arange(500.0), "b": np.ones((2, 3), np.int32), "c": np.array([{}], object)}
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(value, 5))
    read = storage.read_pickle(tmp_path / "x.pkl").value
    assert np.array_equal(read["a"].value, value["a"]) and np.array_equal(read["b"].value, value["b"])
    assert read["c"].value is None


def test_a_folder_of_the_hub_opens_by_its_weights(tmp_path):
    folder, network = tmp_path / "faces", dcgan()
    folder.mkdir()
    (folder / "config.json").write_text('{"latent_dim": 12}')
    with pytest.raises(FormatError, match="holds neither a card nor weights"):
        inscape.open(folder, device="cpu")
    model = opened(folder / "pytorch_model.bin", dcgan_weights(network))
    model = inscape.open(folder, device="cpu")
    assert model.name == "faces" and draws_the_same(model, network)
    (folder / "pytorch_model.bin").rename(folder / "a.pt")
    (folder / "b.pt").write_bytes(b"x")
    with pytest.raises(FormatError, match=r"several files of weights: a\.pt, b\.pt.*Name the file"):
        inscape.open(folder, device="cpu")


def archive(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, b"x" * 40)


def tar(path: Path) -> None:
    with tarfile.open(path, "w") as made:
        made.addfile(tarfile.TarInfo("network.pkl"), io.BytesIO())


def cut(path: Path) -> None:
    save_file({"a": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-100])


def cut_archive(path: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])


FILES = {
    "a web page": lambda path: path.write_bytes(b"\n  <!doctype html>\n<html>"),
    "an archive (bzip2)": lambda path: path.write_bytes(b"BZh91AY"),
    "an archive (7z)": lambda path: path.write_bytes(b"7z\xbc\xaf\x27\x1c"),
    "an archive (tar)": tar,
    "a TorchScript": lambda path: archive(path, "m/data.pkl", "m/code/a.py", "m/constants.pkl"),
    "arrays of NumPy": lambda path: np.savez(path.open("wb"), a=np.zeros(3)),
    "a Keras model": lambda path: archive(path, "config.json", "model.weights.h5"),
    "Unpack it": lambda path: archive(path, "weights/network.pkl"),
    r"it has \d+ of \d+ bytes": cut,
    r"half a download \(2,000 bytes are there\)": cut_archive,
    "a JSON file": lambda path: path.write_text(json.dumps({"z_dim": 3})),
    "is a picture": lambda path: path.write_bytes(b"\x89PNG\r\n"),
    "an ONNX model": lambda path: path.write_bytes(b"\x08\x07\x12\x07pytorch\x1a\x052.1.0"),
}


@pytest.mark.parametrize("title", FILES)
def test_a_file_that_is_something_else_is_named(tmp_path, title):
    path = tmp_path / "network.pkl"
    FILES[title](path)
    pattern = title if title.startswith(("it has", "half")) else title.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(FormatError, match=pattern) as caught:
        inscape.open(path, device="cpu")
    assert str(path) in str(caught.value) and caught.value.hint and "\n" not in str(caught.value)


NETWORKS = {
    "StyleGAN-XL": ("mapping.embed_proj.weight", "synthesis.L0_36_512.weight"),
    "EG3D": ("backbone.synthesis.b4.const", "decoder.net.0.weight"),
    "StyleGAN-T": ("mapping.mlp.mlp.fc0.weight", "synthesis.b4.weight"),
    "FastGAN": ("module.init.init.0.weight_orig", "module.se_64.main.1.weight_orig"),
    "GFPGAN": ("stylegan_decoder.style_mlp.1.weight", "conv_body_first.weight"),
    "StyleGAN2 of BasicSR": ("style_mlp.1.weight", "style_conv1.modulated_conv.weight"),
    "GenForce": ("mapping.dense0.weight", "synthesis.layer0.weight"),
    "lucidrains": ("G.initial_conv.weight", "G.blocks.0.to_style1.weight"),
}


@pytest.mark.parametrize("holder", [None, "params_ema", "G_ema"])
@pytest.mark.parametrize("title", NETWORKS)
def test_a_network_of_another_kind_is_named(tmp_path, title, holder):
    weights = dict.fromkeys(NETWORKS[title], torch.zeros(2, 2))
    with pytest.raises(UnsupportedError, match=f"{title}.*does not open.*(inscape.open|own code)"):
        opened(tmp_path / "x.pth", {holder: weights} if holder else weights)


def test_a_pickle_of_eg3d_is_named(tmp_path):
    made = record(small_stylegan2())
    made.meta["class_name"] = "TriPlaneGenerator"
    from models import foreign

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(foreign, "record", lambda _: made)
        path = nvidia(small_stylegan2(), tmp_path / "g.pkl")
    with pytest.raises(UnsupportedError, match="is an EG3D"):
        inscape.open(path)


def test_the_first_opening_of_a_large_file_shows_its_progress(tmp_path, monkeypatch):
    path, steps = nvidia(small_stylegan2(), tmp_path / "g.pkl"), []
    inscape.open(path, device="cpu", progress=CallbackProgress(steps.append))
    assert steps == []
    monkeypatch.setattr(opening_module(), "_LARGE", 1)
    monkeypatch.setattr(converted, "_VERSION", "another")
    inscape.open(path, device="cpu", progress=CallbackProgress(steps.append))
    assert {step["name"] for step in steps} == {"Reading g.pkl", "Converting g.pkl"}
    assert steps[-1]["done"] == steps[-1]["total"]


def test_a_large_file_that_has_not_changed_is_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(opening_module(), "_LARGE", 1)
    monkeypatch.setattr(converted, "_SETTLED", 0)
    path = nvidia(small_stylegan2(), tmp_path / "g.pkl")
    inscape.open(path, device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr(storage, "file_hash", lambda *_: pytest.fail("read again"))
        assert inscape.open(path, device="cpu").image_size == 16
    nvidia(small_stylegan2(resolution=8, channels={4: 3, 8: 5}), path)
    assert inscape.open(path, device="cpu").image_size == 8


def opening_module() -> types.ModuleType:
    return sys.modules[opening.__module__]
