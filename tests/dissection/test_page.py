"""The page of a report in a real browser, opened from disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dissection.planted import DOOR, ColourSegmenter, planted_generator
from inscape.dissection import Thumbnails, dissect
from studio.browser import CHROMIUM, WAIT, chromium

pytestmark = pytest.mark.browser
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = dissect(
        planted_generator(EVIL), images=100, segmenter=ColourSegmenter(), label_size=16, top=Thumbnails(3, 32)
    )
    return report.save(tmp_path_factory.mktemp("page") / "report")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI", "").lower() in ("1", "true") else pytest.skip)("no Chromium")
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Any, folder: Path) -> Iterator[Any]:
    """The page, and in `page.faults` whatever should not have happened."""
    opened = browser.new_page(viewport={"width": 1100, "height": 800})
    opened.set_default_timeout(WAIT)
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on("console", lambda message: opened.faults.append(message.text))
    opened.on("dialog", lambda dialog: (opened.faults.append("dialog"), dialog.dismiss()))
    opened.on("request", lambda request: None if local(request.url) else opened.faults.append(request.url))
    opened.goto(f"file://{folder}/index.html")
    yield opened
    assert opened.faults == []
    opened.close()


def local(url: str) -> bool:
    return url.startswith(("file:", "data:"))


def units(page: Any) -> list[str]:
    """Numbers of the units that are listed; the inner text of one that is not drawn yet would be empty."""
    return [text.split()[-1] for text in page.locator(".unit .number").all_text_contents()]


def test_foreign_names_are_shown_and_not_run(page):
    assert EVIL in page.inner_text("h1")


def test_a_bar_filters_the_units_by_mouse_and_by_keyboard(page):
    assert len(units(page)) == 12
    bar = page.locator('.bar[data-concept="door"]')
    bar.click()
    assert str(DOOR) in units(page) and len(units(page)) < 12
    assert bar.get_attribute("aria-pressed") == "true"
    bar.focus()
    page.keyboard.press("Enter")
    assert len(units(page)) == 12


def test_units_are_found_by_number_and_by_concept(page):
    page.fill("#find", "7")
    assert units(page) == ["7"]
    page.fill("#find", "door")
    assert units(page)[0] == str(DOOR)
    page.fill("#find", "nowhere")
    assert units(page) == [] and "No unit matches" in page.inner_text("#found")


def test_units_are_sorted(page):
    page.select_option("#sort", "unit")
    assert units(page) == [str(unit) for unit in range(12)]


def test_the_lightbox_opens_steps_toggles_and_gives_the_focus_back(page):
    page.select_option("#sort", "unit")
    first = page.locator(".unit button").first
    first.focus()
    page.keyboard.press("Enter")
    assert page.inner_text("#box-title").startswith("Unit 0:")
    picture = page.locator("#box-pictures div").first
    marked = picture.evaluate("element => element.style.backgroundPosition")
    page.keyboard.press("m")
    plain = page.locator("#box-pictures div").first.evaluate("element => element.style.backgroundPosition")
    assert marked != plain
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#box-title").startswith("Unit 1:")
    page.keyboard.press("Escape")
    assert not page.locator("#box").is_visible()
    assert page.evaluate("document.activeElement.closest('.unit') !== null")


def test_the_address_restores_the_view(page, folder):
    page.fill("#find", "door")
    page.keyboard.press("Tab")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    assert page.input_value("#find") == "door"


def test_the_pictures_are_there(page):
    page.locator(".strip img").first.wait_for()
    page.wait_for_function("document.querySelector('.strip img').naturalWidth === 96")


def test_a_narrow_screen_does_not_scroll_sideways(page):
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
