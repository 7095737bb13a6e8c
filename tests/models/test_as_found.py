"""Checkpoints as people have them, each as its README says: it opens and draws, or says what it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

import inscape
from inscape.errors import FormatError, InscapeError, UnsupportedError

DATA = os.environ.get("INSCAPE_TEST_DATA")
pytestmark = pytest.mark.skipif(
    DATA is None, reason="INSCAPE_TEST_DATA is not set: checkpoints as people have them"
)
FOLDER = Path(DATA or "") / "checkpoints" / "as-found"
STYLEGANS = (
    *("g_ema_only.pkl", "proto5.pkl", "bare_G.pkl", "G_and_no_ema.pkl", "pti_model_ABC_1.pt"),
    *("nvidia_state_dict.pt", "nvidia.safetensors", "pathlib_in_options.pkl", "foreign_D.pkl"),
    *("proto5_array.pkl", "tf_converted.pkl"),
)
DCGANS = (
    *("dcgan_half.pth", "dcgan_dataparallel.pth", "dcgan_model.pth", "dcgan_modelG.pth", "lightning.ckpt"),
    *("dcgan_netG_module.pth", "huggan", "dcgan.safetensors"),
)
SENTENCES = {
    "stylegan2-tf.pkl": (UnsupportedError, "a TensorFlow pickle of NVIDIA's code.*legacy.py"),
    "dcgan_whole_module.pth": (UnsupportedError, r"the class __main__.Generator.*state_dict\(\)"),
    "drive_page.pkl": (FormatError, "is a web page.*Download the file again"),
    "lfs_pointer.pkl": (FormatError, "a Git LFS pointer to a file of 381,673,535 bytes.*git lfs pull"),
    "half_downloaded.pkl": (FormatError, "after 135,311 bytes: half a download.*download the file again"),
    "weights.tar.gz": (FormatError, r"is an archive \(gzip\).*Unpack it"),
    "zipped.zip": (FormatError, r"is an archive, .*'network.pkl'.*Unpack it"),
    "model.h5": (FormatError, "is an HDF5 file.*state dict"),
    "model.onnx": (FormatError, "is an ONNX model.*state dict"),
    "scripted.pt": (FormatError, r"is a TorchScript module.*state_dict\(\)"),
    "diffusers": (UnsupportedError, "is a pipeline of diffusers.*inscape.open"),
}
LISTED = {*STYLEGANS, *DCGANS, *SENTENCES, "dcgan_mnist.pth", "small_ref.npy", "README.md"}


def z_of(size: int) -> torch.Tensor:
    return torch.from_numpy(np.random.RandomState(0).standard_normal((1, size))).float()


def drawn(name: str) -> torch.Tensor:
    model = inscape.open(FOLDER / name, device="cpu")
    with torch.inference_mode():
        return model.module(z_of(model.card.latent["z_dim"]))


@pytest.mark.parametrize("name", STYLEGANS)
def test_a_stylegan2_draws_what_the_authors_code_draws(name):
    expected = torch.from_numpy(np.load(FOLDER / "small_ref.npy"))
    assert torch.allclose(drawn(name), expected, atol=1e-5)


@pytest.mark.parametrize("name", DCGANS)
def test_a_dcgan_draws_the_same_in_every_wrapping(name):
    tolerance = 1e-2 if name == "dcgan_half.pth" else 1e-6
    assert torch.allclose(drawn(name), drawn("dcgan_dataparallel.pth"), atol=tolerance)


def test_a_grey_dcgan_is_shown_as_grey():
    picture = drawn("dcgan_mnist.pth")
    assert picture.shape == (1, 3, 64, 64)
    assert torch.equal(picture[:, :1].expand_as(picture), picture) and picture.std() > 0


@pytest.mark.parametrize("name", SENTENCES)
def test_something_else_is_named_with_the_way_out(name):
    kind, sentence = SENTENCES[name]
    with pytest.raises(InscapeError, match=sentence) as caught:
        inscape.open(FOLDER / name, device="cpu")
    assert type(caught.value) is kind and str(FOLDER / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_card_says_what_bare_tensors_cannot():
    for name in ("nvidia_state_dict.pt", "nvidia.safetensors"):
        assert "no clamping" in inscape.open(FOLDER / name, device="cpu").card.description


def test_every_file_is_in_the_table():
    assert {path.name for path in FOLDER.iterdir()} == LISTED
