"""The second moments of several layers are those of each alone, and cost one pass over the pictures."""

from __future__ import annotations

import pytest
import torch

from inscape.errors import ValueRangeError
from inscape.rewriting import is_gathered, key_moment, key_moments, samples
from inscape.rewriting.memories import memory_of
from small_generators import small_generator

LAYERS = ("layer8a", "layer16a", "layer16b")


def test_the_moments_of_several_layers_are_those_of_each_alone(home, tmp_path, monkeypatch):
    model = small_generator()
    memories = [memory_of(model, layer) for layer in LAYERS]
    together = key_moments(memories, samples=40)
    assert all(is_gathered(memory, samples=40) for memory in memories)
    monkeypatch.setenv("INSCAPE_HOME", str(tmp_path / "elsewhere"))
    assert not is_gathered(memories[0], samples=40)
    for memory, moment in zip(memories, together, strict=True):
        alone = key_moment(memory, samples=40).state()
        for name, value in moment.state().items():
            assert torch.allclose(value.double(), alone[name].double(), rtol=1e-6), name


def test_pictures_are_drawn_once_for_all_layers_and_not_again(home, monkeypatch):
    model = small_generator()
    memories = [memory_of(model, layer) for layer in LAYERS]
    passes: list[int] = []
    add = samples._add_keys
    monkeypatch.setattr(samples, "_add_keys", lambda *given: (passes.append(1), add(*given)))
    key_moments(memories, samples=40)
    assert len(passes) == 2  # batches
    key_moments(memories, samples=40)
    assert len(passes) == 2


def test_a_moment_over_no_picture_is_refused(home):
    with pytest.raises(ValueRangeError, match="at least one picture, got 0"):
        key_moments([memory_of(small_generator(), "layer8a")], samples=0)
