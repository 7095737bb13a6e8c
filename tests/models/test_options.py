"""Every option of NVIDIA's constructors is honoured, or refused by its name."""

from __future__ import annotations

import pytest
import torch

import inscape
from inscape.errors import UnsupportedError
from models.foreign import nvidia
from models.options import TRUNCATION, generators, latent_of

MADE = generators()
REFUSED = {
    "stylegan2-ada/c_dim=3,z_dim=0": "z_dim=0",
    "stylegan2-ada/mapping.activation=tanh": "mapping network has activation=tanh; Inscape has lrelu",
    "stylegan2-ada/synthesis.activation=tanh": "synthesis network has activation=tanh; Inscape has lrelu",
    "stylegan2-ada/synthesis.architecture=orig": r"architecture \['orig'\]",
    "stylegan2-ada/synthesis.architecture=resnet": r"architecture \['resnet'\]",
    "stylegan2-ada/synthesis.kernel_size=1": "kernel_size=1",
    "stylegan2-ada/synthesis.resample_filter=[1, 2, 1]": "resample_filter of 3 taps",
}


@pytest.mark.parametrize("option", [name for name in MADE if name not in REFUSED])
def test_the_picture_is_that_of_the_original_code(tmp_path, option):
    record, expected = MADE[option]
    model = inscape.open(nvidia(record, tmp_path / "g.pkl"), device="cpu")
    z, c = latent_of(model.card.latent["z_dim"], model.card.latent.get("c_dim", 0))
    psi = 1.0 if option.endswith("w_avg_beta=None") else TRUNCATION
    with torch.inference_mode():
        drawn = model.module(z, c if len(c[0]) else None, truncation_psi=psi)
    assert float((drawn - expected).abs().max()) <= 1e-4 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("option", REFUSED)
def test_what_is_not_honoured_is_refused_by_name(tmp_path, option):
    with pytest.raises(UnsupportedError, match=REFUSED[option]):
        inscape.open(nvidia(MADE[option][0], tmp_path / "g.pkl"), device="cpu")


def test_there_are_two_values_of_every_option():
    named = {name.split("/", 1)[1].split("=")[0].rpartition(".")[2] for name in MADE}
    assert named >= OPTIONS, OPTIONS - named


OPTIONS = {
    *("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels"),
    *("num_layers", "embed_features", "layer_features", "activation", "lr_multiplier", "w_avg_beta"),
    *("channel_base", "channel_max", "num_fp16_res", "architecture", "resample_filter", "conv_clamp"),
    *("kernel_size", "use_noise", "num_critical", "first_cutoff", "first_stopband", "last_stopband_rel"),
    *("margin_size", "output_scale", "conv_kernel", "filter_size", "lrelu_upsampling", "use_radial_filters"),
    "magnitude_ema_beta",
}
