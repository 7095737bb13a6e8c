"""The page Find in the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from studio.browser import WAIT, RunningStudio, Sheet, tab

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def searching(browser, hamlet, tmp_path_factory) -> Iterator[RunningStudio]:
    """A studio that tests may start again."""
    studio = RunningStudio(hamlet, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


@pytest.fixture(scope="module")
def searched(searching) -> RunningStudio:
    """The same, in which something was found."""
    asked = {"layer": "layer16a", "by": "strokes", "show": "7:4,4,8,8", "images": 40}
    searching.done("api/models/hamlet/find", asked)
    return searching


def opened(page, studio: RunningStudio, query: str = "") -> Sheet:
    page.goto(f"{studio.address}#/find?model=hamlet{query}")
    page.wait_for_selector("[data-testid=find-wall] img")
    return Sheet(page)


def drag(sheet: Sheet, start: tuple[float, float], end: tuple[float, float]) -> None:
    box = sheet.by("find-stage").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    sheet.page.mouse.move(*places[0])
    sheet.page.mouse.down()
    sheet.page.mouse.move(*places[1], steps=4)
    sheet.page.mouse.up()


def test_nothing_is_marked_at_first_and_nothing_can_be_started(page, shared_studio):
    sheet = opened(page, shared_studio)
    expect(sheet.by("find-start")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-testid=find-result]")).to_have_count(0)
    expect(page.locator("main .command-line")).to_have_count(0)
    expect(sheet.by("nav-find")).to_have_attribute("aria-current", "page")
    assert page.locator("[data-testid=find-wall] button").count() == 24


def test_boxes_are_drawn_by_pointer_and_by_keyboard_and_the_address_holds_them(page, shared_studio):
    sheet = opened(page, shared_studio)
    drag(sheet, (0.26, 0.26), (0.49, 0.74))
    expect(sheet.by("find-count")).to_have_text("1 mark")
    sheet.by("picture-3").click()
    sheet.by("find-stage").focus()
    for key in ("Enter", "ArrowUp", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(sheet.by("find-count")).to_have_text("2 marks")
    line = page.locator("main .command-line[aria-busy=false] code")
    expect(line).to_contain_text("--by strokes --show '0:8,8,8,16 3:12,11,9,8'")
    page.reload()
    expect(sheet.by("find-count")).to_have_text("2 marks")
    sheet.by("picture-3").click()
    sheet.by("find-stage").focus()
    page.keyboard.press("Delete")
    expect(sheet.by("find-count")).to_have_text("1 mark")
    sheet.by("find-clear").click()
    expect(sheet.by("find-start")).to_have_attribute("aria-disabled", "true")
    sheet.by("toast-action").click()
    expect(sheet.by("find-count")).to_have_text("1 mark")


def test_units_are_found_lead_on_and_are_there_after_a_restart(page, searching):
    sheet = opened(page, searching, "&layer=layer16a")
    sheet.by("by-examples").click()
    for seed in (2, 5, 6):
        sheet.by(f"picture-{seed}").click()
    expect(sheet.by("find-count")).to_have_text("3 pictures")
    sheet.by("find-images").select_option("200")
    sheet.by("find-start").click()
    expect(sheet.by("find-result")).to_contain_text("3 pictures above 200 other pictures", timeout=3 * WAIT)
    said = sheet.by("find-result").inner_text()
    assert page.locator("[data-testid=found-unit]").count() == 8
    searching.kill()
    searching.start()
    sheet = opened(page, searching)
    expect(sheet.by("find-result")).to_be_visible()
    assert sheet.by("find-result").inner_text() == said
    unit = sheet.by("found-unit").get_attribute("data-unit")
    picture = sheet.by("found-unit").locator(".strip-links a").first
    seed = picture.inner_text().split(":")[0].removeprefix("Picture ")
    picture.click()
    page.wait_for_selector("[data-testid=canvas][data-final=true]")
    assert f"seed={seed}" in page.url and f"units={unit}" in page.url and "layer=layer16a" in page.url
    page.go_back()
    sheet.by("rewrite-pictures").click()
    page.wait_for_selector(f"[data-testid=tile-{seed}]")


def test_a_search_is_followed_by_whoever_opens_the_page_and_stopped_there(page, searching):
    asked = {"layer": "layer8a", "by": "examples", "show": "1,2", "images": 100_000}
    searching.post("api/models/hamlet/find", asked)
    sheet = opened(page, searching)
    expect(sheet.by("job")).to_be_visible()
    expect(page.locator("[data-testid=find-start]")).to_have_count(0)
    sheet.by("job-cancel").click()
    expect(page.locator("main").get_by_text("Stopped.")).to_be_visible()
    expect(sheet.by("find-start")).to_be_visible()


def test_what_cannot_be_searched_for_is_said_in_a_sentence(page, shared_studio):
    sheet = opened(page, shared_studio, "&show=7:500,5,4,4")
    sheet.by("find-start").click()
    expect(sheet.by("problem-job")).to_contain_text("picture")
    expect(sheet.by("find-start")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser, searched, scheme):
    with tab(
        browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme=scheme
    ) as page:
        sheet = opened(page, searched, "&show=7:4,4,8,8")
        expect(sheet.by("find-result")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        sheet.by("picture-4").tap()
        expect(sheet.by("picture-4")).to_have_attribute("aria-pressed", "true")
        here = sheet.by("nav-find").bounding_box()
        assert here["x"] >= 0 and here["x"] + here["width"] <= 390
