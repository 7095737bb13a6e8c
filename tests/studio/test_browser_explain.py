"""The page Explain in the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from studio.browser import WAIT, RunningStudio, Sheet
from studio.explained import classifier, photo

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def explaining(browser, tmp_path_factory) -> Iterator[RunningStudio]:
    """A studio with a classifier, which tests may start again."""
    model = classifier(tmp_path_factory.mktemp("judges"))
    studio = RunningStudio(model, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


def opened(page, studio: RunningStudio, query: str = "model=judge") -> Sheet:
    page.goto(f"{studio.address}#/explain?{query}")
    return Sheet(page)


def test_a_photo_is_explained_and_units_are_switched_off(page, explaining, tmp_path):
    sheet = opened(page, explaining)
    expect(sheet.by("explained")).to_be_visible(timeout=WAIT)
    second = page.locator("[data-testid^=explain-photo-]").nth(1)
    second.click()  # a photo that is brought replaces one that was chosen too
    expect(second).to_have_attribute("aria-pressed", "true")
    page.set_input_files("[data-testid=explain-file]", str(photo(tmp_path / "my mill.png", 3)))
    expect(sheet.by("explain-delete")).to_have_text("Delete my mill.png", timeout=WAIT)
    expect(page.locator("[data-testid=explain-class]")).to_have_count(5, timeout=WAIT)
    heading = sheet.by("explain-heading").inner_text()
    first = page.locator(".explain-part").first
    unit = first.get_attribute("data-testid").removeprefix("part-")
    sheet.by(f"off-{unit}").focus()  # by keyboard the region is lit as by pointer
    expect(first).to_have_class("explain-part for lit")
    page.keyboard.press("Enter")
    expect(sheet.by(f"on-{unit}")).to_be_visible(timeout=WAIT)
    expect(sheet.by("explain-heading")).not_to_have_text(heading, timeout=WAIT)
    line = page.locator("main .command-line[aria-busy=false] code")
    expect(line).to_contain_text("'my mill.png' --report ")
    expect(line).to_contain_text(f"/report/head --off {unit}")
    expect(sheet.by("explain-curves").locator("figure")).to_have_count(2)
    sheet.by("explain-all-on").click()
    expect(sheet.by("explain-heading")).to_have_text(heading.replace("\n", " "), timeout=WAIT)


def test_another_class_is_explained_and_the_address_holds_it_over_a_restart(page, explaining):
    sheet = opened(page, explaining)
    last = page.locator("[data-testid=explain-class]").last
    expect(last).to_be_visible(timeout=WAIT)
    name = last.locator("span").inner_text()
    last.focus()
    page.keyboard.press("Enter")
    expect(sheet.by("explain-heading")).to_contain_text(f"Why {name}?", timeout=WAIT)
    expect(page.locator("[data-testid=explain-class]", has_text=name)).to_be_focused(timeout=WAIT)
    where = page.url.partition("#")[2]
    explaining.kill()
    explaining.start()
    page.goto(f"{explaining.address}#{where}")
    expect(sheet.by("explain-heading")).to_contain_text(f"Why {name}?", timeout=WAIT)


def test_a_unit_is_shown_on_the_page_units(page, explaining):
    opened(page, explaining)
    link = page.locator(".explain-part a").first
    expect(link).to_be_visible(timeout=WAIT)
    link.click()
    expect(page.locator("[data-testid=lightbox]")).to_be_visible(timeout=WAIT)
    expect(page.locator("[data-testid=lightbox-paint]")).to_have_count(0)


def test_units_that_cannot_be_read_are_said_and_not_left_out(page, explaining):
    sheet = opened(page, explaining, "model=judge&off=3,1O")
    expect(sheet.by("explain-problem")).to_contain_text("got '3,1O'", timeout=WAIT)
    sheet.by("explain-all-on").click()
    expect(sheet.by("explained")).to_be_visible(timeout=WAIT)


def test_a_generator_is_told_what_the_page_needs_and_a_phone_scrolls_down_only(page, explaining):
    sheet = opened(page, explaining, "model=town")
    expect(sheet.by("explain-needs")).to_contain_text("town says nothing of photos")
    page.set_viewport_size({"width": 390, "height": 800})
    sheet.by("explain-model").select_option("judge")
    expect(sheet.by("explained")).to_be_visible(timeout=WAIT)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
