from __future__ import annotations

import numpy as np
import pytest
import torch

import inscape
from inscape import storage
from inscape.editing import UnitEdit, load_edit, save_edit
from inscape.errors import FormatError, RecipeError, UsageError
from inscape.regions import Region


@pytest.mark.parametrize(
    "edit",
    [
        UnitEdit("layer8a", (1, 5), np.array([0.1, -3.7]), inscape.box(1, 2, 3, 4), 0.3, concept="door"),
        UnitEdit("layer8a", (2,), np.array([1 / 3]), Region.from_mask(np.random.RandomState(0).rand(7, 5))),
        UnitEdit("layer8a", (2, 3), mode="remove"),
    ],
)
def test_an_edit_comes_back_equal_from_its_file(edit, tmp_path):
    path = save_edit(edit, tmp_path / "one.edit.safetensors")
    assert load_edit(path) == edit


def test_files_that_hold_no_edit_are_refused(tmp_path):
    with pytest.raises(FormatError, match="There is no file"):
        load_edit(tmp_path / "none.edit.safetensors")
    (tmp_path / "bad.edit.safetensors").write_bytes(b"\x80\x04 not tensors")
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        load_edit(tmp_path / "bad.edit.safetensors")
    foreign = storage.save_tensors(tmp_path / "x.edit.safetensors", {"weight": torch.ones(2)})
    with pytest.raises(FormatError, match="holds no edit"):
        load_edit(foreign)
    tensors = {"units": torch.tensor([1]), "values": torch.ones(1)}
    newer = storage.save_tensors(
        tmp_path / "n.edit.safetensors", tensors, {"inscape": '{"schema_version": 2}'}
    )
    with pytest.raises(RecipeError, match="version 2"):
        load_edit(newer)


def test_the_name_of_the_file_says_that_it_is_an_edit(tmp_path):
    with pytest.raises(UsageError, match="ends in .edit.safetensors"):
        save_edit(UnitEdit("layer8a", (2,), mode="remove"), tmp_path / "edit.pt")
