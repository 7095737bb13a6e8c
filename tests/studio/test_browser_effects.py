from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.painting_model import write_models
from studio.browser import RunningStudio, Sheet

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator whose card names a segmenter, so that effects can be measured."""
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def measuring_studio(browser, segmented, tmp_path_factory) -> Iterator[RunningStudio]:
    studio = RunningStudio(segmented, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


def panel(page, studio: RunningStudio) -> Sheet:
    """The panel of effects, opened."""
    page.goto(f"{studio.address}#/units")
    page.wait_for_selector("[data-testid=effects]")
    page.evaluate("() => { document.querySelector('[data-testid=effects]').open = true; }")
    return Sheet(page)


def test_an_effect_is_measured_shown_and_found_again(page, measuring_studio):
    sheet = panel(page, measuring_studio)
    sheet.by("effect-concept").select_option("sky")
    sheet.by("effect-images").select_option("50")
    sheet.by("effect-units").fill("3")
    sheet.by("effect-start").click()
    page.wait_for_selector("[data-testid=effect-result]")
    said = sheet.by("effect-result").inner_text()
    assert "sky with 3 units off" in said and "random units" in said
    assert sheet.by("effect-result").locator("img").get_attribute("src").startswith("data:image/webp")
    page.reload()
    page.wait_for_selector("[data-testid=effect-result]")
    assert sheet.by("effect-result").inner_text() == said


def test_the_panel_shows_the_line_that_does_the_same(page, measuring_studio):
    sheet = panel(page, measuring_studio)
    sheet.by("effect-concept").select_option("sky")
    sheet.by("effect-units").fill("2")
    line = sheet.by("effects").locator("[aria-busy=false] code").inner_text()
    name = measuring_studio.get("api/studio")["default_model"]
    report = measuring_studio.get(f"api/models/{name}/layers/layer16a/report")
    units = ",".join(str(unit) for unit, _ in report["rankings"]["sky"][:2])
    verb, opened, options = line.removeprefix("inscape ").split(" ", 2)
    assert (verb, options) == ("effect", f"--concept sky --units {units} --layer layer16a")
    assert (Path(opened) / "card.json").is_file()


def test_concepts_that_no_unit_counts_for_say_so(page, measuring_studio):
    sheet = panel(page, measuring_studio)
    labels = sheet.by("effect-concept").locator("option").all_text_contents()
    assert labels[0] == "sky" and "tree · no unit matches it" in labels


def test_what_cannot_be_measured_is_said_in_the_panel(page, shared_studio):
    page.goto(f"{shared_studio.address}#/units?model=hamlet")
    sheet = Sheet(page)
    sheet.by("effects").locator("summary").click()
    sheet.by("effect-start").click()
    page.wait_for_selector("[data-testid=effects] [role=alert]")
    assert "segmenter" in sheet.by("effects").locator("[role=alert]").inner_text()
