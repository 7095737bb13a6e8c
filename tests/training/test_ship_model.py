"""`scripts/ship_model.py` on a copy of the repository's folders, which nothing has been shipped to."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from scripts import ship_model
from tests.training.small_recipe import RECIPE, small_state

from inscape import storage
from inscape.errors import FormatError
from inscape.models import Card, open_model
from inscape.models.weights import weights_hash

ZOO = Path(ship_model.__file__).parents[1] / "src" / "inscape" / "models" / "zoo"


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ship_model, "ROOT", tmp_path)
    return tmp_path / "src" / "inscape" / "models" / "zoo"


def test_the_first_generator_of_a_name_is_version_1_and_the_next_remembers_it(
    zoo: Path, tmp_path: Path
) -> None:
    state, run = small_state(RECIPE), tmp_path / "run"
    state.save(run / "checkpoint.safetensors")
    ship_model.main([str(run), "room"])
    first = open_model(zoo / "room", device="cpu")
    assert (first.card.version, first.card.former) == (1, {})
    assert (tmp_path / "checkpoints" / "room" / "training.safetensors").exists()
    with torch.no_grad():
        next(state.average.synthesis.parameters()).add_(0.5)
    state.save(run / "checkpoint.safetensors")
    ship_model.main([str(run), "room"])
    second = open_model(zoo / "room", device="cpu")
    assert (second.card.version, second.card.former) == (2, {weights_hash(first.module): 1})
    assert weights_hash(second.module) != weights_hash(first.module)


@pytest.mark.parametrize("name", ["town-segmenter", "town-encoder", "town-classifier"])
def test_other_models_ship_as_their_card_and_weights(zoo: Path, name: str) -> None:
    ship_model.main([str(ZOO / name), name])
    assert sorted(path.name for path in (zoo / name).iterdir()) == ["card.json", "weights.safetensors"]
    assert Card.read(zoo / name / "card.json") == Card.read(ZOO / name / "card.json")
    old, new = (storage.load_tensors(place / name / "weights.safetensors") for place in (ZOO, zoo))
    assert old[1] == new[1] and all(torch.equal(value, new[0][key]) for key, value in old[0].items())


def test_a_kept_classifier_does_not_ship(zoo: Path, tmp_path: Path) -> None:
    ship_model.main([str(ZOO / "town-classifier"), "town-classifier-same", "--kept"])
    assert (tmp_path / "checkpoints" / "town-classifier-same" / "card.json").exists()
    assert not zoo.exists()


@pytest.mark.parametrize(
    ("name", "option", "said"),
    [
        ("room", "--kept", "--kept and --moments are for classifiers, and 'room' is none."),
        ("town-segmenter", "--moments", "--kept and --moments are for classifiers, and 'town-segmenter'"),
        ("town-classifier", "--state", "--state is for generators, and 'town-classifier' is none."),
    ],
)
def test_options_of_other_models_are_refused(
    zoo: Path, capsys: pytest.CaptureFixture[str], name: str, option: str, said: str
) -> None:
    with pytest.raises(SystemExit):
        ship_model.main(["run", name, option])
    assert said in capsys.readouterr().err and not zoo.exists()


def test_only_a_segmenter_of_the_scenes_that_are_drawn_ships(zoo: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="architecture 'picture_encoder', no segmenter"):
        ship_model.main([str(ZOO / "town-encoder"), "town-segmenter"])
    stale = Card.read(ZOO / "town-segmenter" / "card.json").model_copy(update={"world_hash": "0" * 64})
    (tmp_path / "run").mkdir()
    stale.write(tmp_path / "run" / "card.json")
    with pytest.raises(FormatError, match="other scenes than the world 'town' draws today"):
        ship_model.main([str(tmp_path / "run"), "town-segmenter"])
    assert not zoo.exists()
