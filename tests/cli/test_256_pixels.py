"""Every verb on networks of the size that people have: StyleGAN2 as NVIDIA trained it on churches, ProGAN."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inscape.cli.main import run
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_config import StyleGAN2Config
from inscape.studio.app import create_app
from inscape.studio.studio import Settings
from models.foreign import nvidia, progan_weights
from studio.messages import PORT, TOKEN, frame, request_bytes
from studio.web_client import TestClient

pytestmark = pytest.mark.slow

CHURCH = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128}


def church(path: Path) -> Path:
    """The sizes of `stylegan2-church-config-f.pkl`, random weights."""
    torch.manual_seed(0)
    config = StyleGAN2Config(resolution=256, z_dim=512, w_dim=512, mapping_layers=8, channels=CHURCH)
    return nvidia(StyleGAN2(config).eval().requires_grad_(False), path / "church.pkl")


def progan(path: Path) -> Path:
    """The sizes of the ProGANs of the dissection papers, random weights."""
    torch.manual_seed(0)
    network = ProGAN(ProGANConfig(512, (512, 512, 512, 512, 256, 128, 64))).eval().requires_grad_(False)
    torch.save(progan_weights(network, old=False), path / "progan.pth")
    return path / "progan.pth"


@pytest.fixture(scope="module", params=[church, progan], ids=["stylegan2", "progan"])
def checkpoint(request, tmp_path_factory) -> Path:
    return request.param(tmp_path_factory.mktemp("checkpoints"))


def answer(capsys, *arguments: object) -> dict:
    assert run([*map(str, arguments), "--device", "cpu", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_a_checkpoint_is_dissected_measured_painted_and_replayed(checkpoint, tmp_path, capsys):
    report = tmp_path / "report"
    few = ("--segmenter", "town-segmenter", "--images", 4, "--label-size", 32, "--top", 1)
    dissected = answer(capsys, "dissect", checkpoint, *few, "--out", report)
    assert dissected["images"] == 4 and len(dissected["units"]) == 512
    assert (report / "index.html").is_file()
    concept = next(iter(dissected["concepts"]))
    units = ",".join(str(unit) for unit, _ in dissected["rankings"][concept][:2])
    chosen = ("--units", units, "--concept", concept, "--report", report)
    effect = answer(capsys, "effect", checkpoint, *chosen, "--images", 2, "--controls", 2)
    assert effect["images"] == 2 and effect["control"]["sets"] == 2 and len(effect["curve"]) == 3
    out, again = tmp_path / "painted.png", tmp_path / "again.png"
    painted = answer(capsys, "paint", checkpoint, *chosen, "--seed", 3, "--box", "64,64,96,96", "--out", out)
    assert 0 <= painted["area_before"] <= 1 and 0 <= painted["area_after"] <= 1
    assert pixels(out).shape == (256, 256, 3)
    answer(capsys, "sample", checkpoint, "--seeds", 3, "--out", tmp_path)
    changed = (pixels(tmp_path / f"{checkpoint.stem}-000003.png") != pixels(out)).any(2)
    assert changed[64:160, 64:160].any()
    answer(capsys, "replay", out, "--model", checkpoint, "--out", again)
    assert np.array_equal(pixels(again), pixels(out))


def test_a_checkpoint_is_opened_in_the_studio_and_painted_on(checkpoint, home):
    settings = Settings(port=PORT, token=TOKEN, checkpoints=(checkpoint.parent,), device="cpu", home=home)
    base = f"http://127.0.0.1:{PORT}"
    with TestClient(create_app(settings), base_url=base, headers={"x-inscape-token": TOKEN}) as client:
        opened = client.post("/api/checkpoints/open", json={"folder": 0, "name": checkpoint.name}).json()
        layer = next(each for each in opened["layers"] if each["name"] == opened["default_layer"])
        assert (opened["image_size"], layer["units"], layer["size"]) == (256, 512, 16)
        mask = np.zeros((16, 16), np.uint8)
        mask[4:10, 4:10] = 255
        address = f"ws://127.0.0.1:{PORT}/api/paint"
        with client.websocket_connect(address, headers=dict(client.headers)) as socket:
            socket.send_json({"type": "ground", "model": opened["name"], "seed": 3})
            drawn = []
            for seq, live in enumerate((None, mask)):
                removing = {"layer": layer["name"], "concept": None, "units": [*range(64)], "mode": "remove"}
                socket.send_bytes(request_bytes(seq, live, final=True, **removing))
                header, picture = frame(socket.receive_bytes())
                assert (header["width"], header["height"]) == (256, 256)
                drawn.append(picture)
        assert drawn[0] != drawn[1]
