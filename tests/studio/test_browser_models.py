from __future__ import annotations

import base64
import re

import pytest
import torch
from playwright.sync_api import expect

from inscape.models.architectures.progan import ProGAN, ProGANConfig
from models.foreign import progan_weights
from studio.browser import Sheet, slow

pytestmark = pytest.mark.browser

ARCHITECTURES = {
    "stylegan2": "StyleGAN2",
    "unet": "U-Net",
    "efficientnet_lite": "EfficientNet-Lite",
    "residual_classifier": "Residual classifier",
    "vision_transformer": "Vision transformer",
    "picture_encoder": "Encoder of pictures",
    "decoder": "Decoder",
}


@pytest.fixture
def models(page, shared_studio) -> Sheet:
    """The page Models."""
    page.goto(f"{shared_studio.address}#/models")
    page.wait_for_selector("[data-testid=model-hamlet]")
    return Sheet(page)


def test_every_model_says_what_it_is_and_where_it_comes_from(models, shared_studio):
    for model in shared_studio.get("api/models")["models"]:
        card = models.by(f"model-{model['name']}")
        if card.locator("details").get_attribute("open") is None:
            card.locator("summary").click()
        text = card.inner_text()
        assert ARCHITECTURES[model["architecture"]] in text
        assert model["licence"] in text and model["source"].replace("`", "") in text
        rows = re.sub(r"\.\{\d+-\d+\}", ".{}", text)
        for layer in model["layers"]:
            assert layer["name"] in text or re.sub(r"\.\d+", ".{}", layer["name"], count=1) in rows


def test_only_generators_can_be_painted_with(models, shared_studio):
    for model in shared_studio.get("api/models")["models"]:
        buttons = models.by(f"model-{model['name']}").locator("[data-testid=model-paint]")
        assert buttons.count() == int(model["paintable"])


def test_a_layer_leads_to_its_units(models):
    models.by("model-hamlet").locator("[data-testid=layer-layer16a]").click()
    models.page.wait_for_selector("[data-testid=unit-row]")
    assert "layer=layer16a" in models.page.url
    assert models.by("units-layer").input_value() == "layer16a"


def test_a_layer_that_nobody_has_looked_into_offers_to(models, shared_studio):
    models.by("model-hamlet").locator("[data-testid=layer-layer8a]").click()
    models.page.wait_for_selector("[data-testid=dissect]")
    (hamlet,) = [each for each in shared_studio.get("api/models")["models"] if each["name"] == "hamlet"]
    line = models.page.locator("main [aria-busy=false] code").inner_text()
    assert line.startswith(f"inscape dissect {hamlet['argument']} --out report --layer layer8a")


def test_a_picture_is_opened_to_be_painted_on(models):
    models.by("model-hamlet").locator("[data-testid=model-picture-3]").click()
    models.shown()
    assert models.by("seed").input_value() == "3"


def test_a_picture_chosen_while_the_studio_opens_is_not_replaced_by_the_first_one(own_page, shared_studio):
    own_page.add_init_script(slow("api/paintings$", times=1))
    own_page.goto(f"{shared_studio.address}#/models")
    own_page.locator("[data-testid=model-hamlet] [data-testid=model-picture-3]").click()
    own_page.wait_for_selector("[data-testid=canvas][data-final=true]")
    own_page.wait_for_timeout(2000)
    assert Sheet(own_page).by("seed").input_value() == "3"


def test_the_address_says_which_model_is_open(page, shared_studio):
    page.goto(f"{shared_studio.address}#/models?model=town-segmenter")
    page.wait_for_selector("[data-testid=model-hamlet]")
    opened = page.locator("article.model:has(details[open])")
    assert [name for name in opened.locator("h2").all_inner_texts() if name] in (["town-segmenter"], [])


def test_a_checkpoint_is_opened_painted_with_and_removed(models, tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "village.pth"
    torch.save(progan_weights(ProGAN(ProGANConfig(7, (8, 6, 5))), old=False), path)
    models.by("checkpoint-file").set_input_files(str(path))
    models.page.wait_for_selector("[data-testid=model-village]")
    card = models.by("model-village")
    text = card.inner_text()
    assert "ProGAN" in text and "layer1" in text and "Dropped as village.pth" in text
    assert "not stated" in text
    expect(card.locator("h2")).to_be_in_viewport()
    card.locator("[data-testid=model-picture-2]").click()
    models.shown()
    assert models.by("paint-model").locator("option", has_text="village").count() == 1
    models.by("nav-models").click()
    models.page.wait_for_selector("[data-testid=model-village]")
    models.by("model-village").locator("[data-testid=model-remove]").click()
    models.page.wait_for_selector("[data-testid=model-village]", state="detached")
    models.by("nav-paint").click()
    models.page.wait_for_selector("[data-testid=canvas]")
    assert models.by("paint-model").locator("option", has_text="village").count() == 0


def test_a_file_that_is_no_network_says_so(models, tmp_path):
    (tmp_path / "song.pkl").write_bytes(b"no pickle at all")
    models.by("checkpoint-file").set_input_files(str(tmp_path / "song.pkl"))
    notice = models.page.locator(".open-checkpoint .notice")
    notice.wait_for()
    assert "song.pkl" in notice.inner_text()


_DRAG = """([kind, data]) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], 'dropped.pth'));
    const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
    return document.querySelector('.header').dispatchEvent(new DragEvent(kind, options));
}"""


def test_a_checkpoint_can_be_dropped_anywhere_and_the_page_says_so(models, tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "dropped.pth"
    torch.save(progan_weights(ProGAN(ProGANConfig(7, (8, 6, 5))), old=False), path)
    data = base64.b64encode(path.read_bytes()).decode()
    assert not models.page.evaluate(_DRAG, ["dragover", data])  # the page takes it, not the browser
    assert "anywhere" in models.by("drop-veil").inner_text()
    models.page.evaluate(_DRAG, ["drop", data])
    models.by("drop-veil").wait_for(state="detached")
    models.page.wait_for_selector("[data-testid=model-dropped]")
    models.by("model-dropped").locator("[data-testid=model-remove]").click()
    models.page.wait_for_selector("[data-testid=model-dropped]", state="detached")
