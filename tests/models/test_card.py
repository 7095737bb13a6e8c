from __future__ import annotations

import pytest

from inscape.errors import FormatError, LayerError
from inscape.models import Card, Layer
from inscape.models import card as registry_card


def card() -> Card:
    return Card(
        name="tiny",
        kind="generator",
        architecture="stylegan2",
        layers=(Layer(name="layer4", units=8, size=4, module="synthesis.b4.conv1"),),
    )


def test_a_card_survives_the_disk(tmp_path):
    assert Card.read(card().write(tmp_path / "card.json")) == card()


def test_an_unknown_layer_offers_near_names():
    with pytest.raises(LayerError, match="no layer 'layr4' in model 'tiny'; did you mean 'layer4'"):
        card().layer("layr4")


def test_a_card_from_before_there_were_encoders_names_none():
    value = card().model_dump(mode="json")
    del value["encoder"]
    assert Card.parse(value, "here").encoder is None


def test_the_card_of_the_shipped_generator_names_its_encoder():
    named = registry_card("town").encoder
    assert named == "town-encoder"
    assert registry_card(named).kind == "encoder"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"kind": "poem"}, "kind"), ({"layers": [{"name": "a"}]}, "layers.0"), ({"surprise": 1}, "surprise")],
)
def test_a_wrong_card_names_the_field(change, field):
    with pytest.raises(FormatError, match=f"here is not a model card: {field}"):
        Card.parse({**card().model_dump(mode="json"), **change}, "here")
