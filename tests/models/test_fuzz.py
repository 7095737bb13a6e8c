"""Mutated files: whatever a byte says, opening ends in a network or in an error of ours.

`INSCAPE_FUZZ=20000 pytest tests/models/test_fuzz.py` tries so many files of each kind.
"""

from __future__ import annotations

import os
import pickle
import warnings

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inscape import storage
from inscape.errors import InscapeError
from inscape.models.architectures.dcgan import DCGAN, DCGANConfig
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.building import built
from inscape.models.formats import open_file as opening
from inscape.models.formats.open_file import found_in
from models.foreign import (
    dcgan_weights,
    nvidia,
    progan_weights,
    rosinality,
    small_stylegan2,
    small_stylegan3,
)

EXAMPLES = int(os.environ.get("INSCAPE_FUZZ", "150"))
KINDS = ("nvidia", "stylegan3", "rosinality", "legacy", "progan", "dcgan", "safetensors")
TINY = {"resolution": 8, "z_dim": 3, "w_dim": 3, "mapping_layers": 1, "channels": {4: 2, 8: 2}}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("fuzz")
    network = small_stylegan2(**TINY)
    paths = {kind: folder / kind for kind in KINDS}
    nvidia(network, paths["nvidia"])
    nvidia(small_stylegan3(), paths["stylegan3"])
    torch.save(rosinality(network), paths["rosinality"])
    torch.save({"g_ema": rosinality(network)}, paths["legacy"], _use_new_zipfile_serialization=False)
    torch.save(progan_weights(ProGAN(ProGANConfig(3, (2, 2))), old=False), paths["progan"])
    torch.save(dcgan_weights(DCGAN(DCGANConfig(3, (2, 2)))), paths["dcgan"])
    import inscape
    from inscape.models import write_model

    write_model(inscape.open(paths["progan"], device="cpu"), paths["safetensors"], format="safetensors")
    return {kind: path.read_bytes() for kind, path in paths.items()}


def headers(content: bytes, kind: str) -> list[int]:
    """Where the file says what it holds: its opcodes or its header, and the directory of an archive."""
    if kind == "safetensors":
        return list(range(min(len(content), 8 + int.from_bytes(content[:8], "little"))))
    if content[:2] == b"PK":
        start, end = content.find(b"\x80\x02"), content.find(b"PK\x07\x08")
        return [*range(start), *range(start, end), *range(content.find(b"PK\x01\x02"), len(content))]
    return list(range(len(content)))


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(("set", "flip", "insert", "delete", "cut", "copy")),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=6,
)


def mutated(content: bytes, places: list[int], mutations) -> bytes:
    data = bytearray(content)
    for kind, where, value in mutations:
        at = min(places[int(where * len(places))], len(data) - 1)
        if not data:
            break
        if kind == "set":
            data[at] = value
        elif kind == "flip":
            data[at] ^= 1 << (value & 7)
        elif kind == "insert":
            data.insert(at, value)
        elif kind == "delete":
            del data[at]
        elif kind == "cut":
            del data[at : at + 4 * value]
        else:
            data[at:at] = data[at : at + value]
    return bytes(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_file_ends_in_a_network_or_in_an_error_of_ours(files, kind, tmp_path, monkeypatch):
    ran = []
    for name in ("system", "popen", "execv"):
        monkeypatch.setattr(os, name, lambda *arguments: ran.append(arguments))
    monkeypatch.setattr(pickle, "loads", lambda *_: pytest.fail("Python's own reader of pickles was used"))
    path, content = tmp_path / "mutated.bin", files[kind]
    places = headers(content, kind)

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(MUTATIONS)
    def opened(mutations):
        path.write_bytes(mutated(content, places, mutations))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if kind == "safetensors":
                    opening(path, torch.device("cpu"))
                else:
                    found = found_in(storage.read_pickle(path))[1]
                    built(found.architecture, found.config, found.weights())
            except InscapeError as error:
                assert str(error)
        assert not ran

    opened()
