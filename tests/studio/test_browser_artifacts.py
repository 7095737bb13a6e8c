"""The page Artifacts in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cli.painting_model import write_models
from studio.browser import WAIT, RunningStudio, Sheet, tab

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def worldly(tmp_path_factory) -> Path:
    """A generator whose card names a world and a segmenter."""
    place = write_models(tmp_path_factory.mktemp("models"))
    card = place / "card.json"
    card.write_text(card.read_text().replace('"world": null', '"world": "town"'))
    return place


@pytest.fixture(scope="module")
def measuring(browser, worldly, tmp_path_factory) -> Iterator[RunningStudio]:
    studio = RunningStudio(worldly, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


@pytest.fixture(scope="module")
def measured(measuring) -> RunningStudio:
    """The same, in which something was found."""
    asked = {"layer": "layer8a", "images": 320, "top": 1, "controls": 2}
    measuring.done("api/models/small/artifacts", asked)
    return measuring


def opened(page, studio: RunningStudio) -> Sheet:
    page.goto(f"{studio.address}#/artifacts?model=small")
    page.wait_for_selector("[data-testid=of-layer]")
    return Sheet(page)


def test_only_models_of_a_world_are_offered(page, shared_studio):
    sheet = opened(page, shared_studio)
    names = sheet.by("of-model").locator("option").all_text_contents()
    assert "town" in names and "hamlet" not in names
    expect(page.locator("[data-testid=artifacts-result]")).to_have_count(0)
    line = page.locator("main .command-line[aria-busy=false] code")
    expect(line).to_have_text("inscape artifacts town --layer layer16b")


def test_units_are_ranked_lead_on_and_are_there_after_a_restart(page, measuring):
    sheet = opened(page, measuring)
    sheet.by("artifacts-images").select_option("400")
    sheet.by("artifacts-off").fill("2")
    sheet.by("artifacts-controls").fill("3")
    line = page.locator("main .command-line[aria-busy=false] code")
    expect(line).to_contain_text("--images 400 --top 2 --controls 3")
    sheet.by("artifacts-start").click()
    expect(sheet.by("artifacts-result")).to_contain_text("Without the 2 worst units", timeout=3 * WAIT)
    said = sheet.by("artifacts-result").inner_text()
    assert "Without 2 random units, 3 times" in said
    assert page.locator(".distance.random .distance-dot").count() == 3
    measuring.kill()
    measuring.start()
    sheet = opened(page, measuring)
    expect(sheet.by("artifacts-result")).to_be_visible()
    assert sheet.by("artifacts-result").inner_text() == said
    page.wait_for_selector("[data-testid=paint-without][href*='edits=']")
    sheet.by("paint-without").click()
    sheet.wait_for_strokes(1)
    assert "Remove 2 units" in page.locator("main").inner_text()


def test_a_ranking_is_followed_by_whoever_opens_the_page_and_stopped_there(page, measuring):
    measuring.post("api/models/small/artifacts", {"layer": "layer8a", "images": 100_000, "top": 2})
    sheet = opened(page, measuring)
    expect(sheet.by("job")).to_be_visible()
    expect(page.locator("[data-testid=artifacts-start]")).to_have_count(0)
    sheet.by("job-cancel").click()
    expect(page.locator("main").get_by_text("Stopped.")).to_be_visible()
    expect(sheet.by("artifacts-start")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser, measured, scheme):
    with tab(
        browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme=scheme
    ) as page:
        sheet = opened(page, measured)
        expect(sheet.by("artifacts-result")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        here = sheet.by("nav-artifacts").bounding_box()
        assert here["x"] >= 0 and here["x"] + here["width"] <= 390


def test_what_cannot_be_measured_is_said_in_a_sentence(page, measuring, worldly):
    segmenter = worldly.parent / "segmenter"
    away = segmenter.rename(worldly.parent / "away")
    try:
        sheet = opened(page, measuring)
        sheet.by("artifacts-start").click()
        expect(sheet.by("problem-job")).to_contain_text("segmenter")
        expect(sheet.by("artifacts-start")).to_be_visible()
    finally:
        away.rename(segmenter)
