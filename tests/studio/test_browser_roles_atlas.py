"""The pages Roles and Atlas in the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from studio.browser import WAIT, RunningStudio, Sheet, tab
from studio.seasons import classifier

pytestmark = pytest.mark.browser
LINE = "main .command-line[aria-busy=false] code"


@pytest.fixture(scope="module")
def measuring(browser, tmp_path_factory) -> Iterator[RunningStudio]:
    """A studio with a tiny classifier, which tests may start again."""
    model = classifier(tmp_path_factory.mktemp("models") / "seasons")
    studio = RunningStudio(model, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


@pytest.fixture(scope="module")
def measured(measuring) -> RunningStudio:
    """The same, in which both pages have a report."""
    asked = {"layer": "head", "of_class": "autumn", "images": 64}
    measuring.done("api/models/seasons/roles", asked)
    measuring.done("api/atlas", {"models": ["seasons"], "all_layers": True, "images": 40})
    return measuring


def opened(page, studio: RunningStudio, where: str) -> Sheet:
    page.goto(f"{studio.address}#/{where}")
    page.wait_for_selector("main h1")
    return Sheet(page)


def test_roles_are_measured_by_keyboard_and_there_after_a_restart(page, measuring):
    sheet = opened(page, measuring, "roles")
    expect(sheet.by("roles-model")).to_have_value("seasons", timeout=WAIT)
    sheet.by("roles-class").select_option("winter")
    sheet.by("roles-images").select_option("200")
    expect(page.locator(LINE)).to_contain_text("--class winter --layer head --images 200")
    sheet.by("roles-start").focus()
    page.keyboard.press("Enter")
    body = sheet.by("report-body")
    expect(body).to_contain_text("An attack towards winter", timeout=WAIT)
    assert body.locator("figure > svg").count() == 2
    for place, suffix in ((0, "csv"), (1, "svg")):
        with page.expect_download() as download:
            body.locator("figure a").nth(place).click()
        assert download.value.suggested_filename == f"Accuracy of winter with units of head off.{suffix}"
    rows = download.value.path().read_text()
    assert rows.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    with page.expect_download() as download:
        sheet.by("csv-units").click()
    assert download.value.path().read_text().startswith("unit,lost,margin,moved,change\n")
    assert "of=winter" in page.url and "images=200" in page.url
    said, where = sheet.by("report").inner_text(), page.url.partition("#/")[2]
    measuring.kill()
    measuring.start()
    sheet = opened(page, measuring, where)
    expect(sheet.by("report-body")).to_be_visible(timeout=WAIT)
    assert sheet.by("report").inner_text() == said
    expect(sheet.by("roles-class")).to_have_value("winter")


def test_an_atlas_puts_classifiers_side_by_side(page, measuring):
    sheet = opened(page, measuring, "atlas")
    expect(page.locator(LINE)).to_contain_text("/seasons", timeout=WAIT)
    expect(sheet.by("atlas-model-seasons")).to_be_disabled()  # one stays
    sheet.by("atlas-layers").select_option("all")
    expect(page.locator(LINE)).to_contain_text("--layers all")
    sheet.by("atlas-model-town-classifier").check()
    expect(page.locator("[data-testid=atlas-layers]")).to_have_count(0)
    expect(page.locator(LINE)).to_contain_text("/seasons town-classifier")
    sheet.by("atlas-images").select_option("200")
    sheet.by("atlas-start").click()
    expect(sheet.by("report")).to_contain_text("Atlas of 2 models, 2 layers", timeout=WAIT)
    body = sheet.by("report-body")
    expect(body).to_contain_text("shuffled label maps", timeout=WAIT)
    expect(body).to_contain_text("Units by concept")
    assert "models=seasons,town-classifier" in page.url


def test_what_runs_is_followed_by_whoever_opens_the_page_and_stopped_there(page, measuring):
    measuring.post("api/models/seasons/roles", {"layer": "head", "of_class": "spring", "images": 20_000})
    sheet = opened(page, measuring, "roles")
    expect(sheet.by("job")).to_be_visible(timeout=WAIT)
    sheet.by("job-cancel").click()
    expect(page.locator("main").get_by_text("Stopped.")).to_be_visible(timeout=WAIT)
    expect(sheet.by("roles-start")).to_be_visible()


def test_a_model_without_roles_is_told_what_the_page_needs(page, measuring):
    sheet = opened(page, measuring, "roles?model=town")
    expect(sheet.by("roles-needs")).to_contain_text("Roles of town cannot be measured here", timeout=WAIT)
    sheet.by("roles-model").select_option("seasons")
    expect(sheet.by("roles-start")).to_be_visible()
    sheet = opened(page, measuring, "roles?model=efficientnet-lite0")
    expect(sheet.by("roles-needs")).to_contain_text("--source FOLDER", timeout=WAIT)
    opened(page, measuring, "atlas?models=smollm2,town")
    expect(sheet.by("atlas-model-seasons")).to_be_checked(timeout=WAIT)


@pytest.mark.parametrize(("where", "scheme"), [("roles", "light"), ("atlas", "dark")])
def test_it_fits_a_phone(browser, measured, where, scheme):
    size = {"width": 390, "height": 844}
    with tab(browser, viewport=size, has_touch=True, is_mobile=True, color_scheme=scheme) as page:
        sheet = opened(page, measured, where)
        expect(sheet.by("report-body")).to_be_visible(timeout=WAIT)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        here = sheet.by(f"nav-{where}").bounding_box()
        assert here["x"] >= 0 and here["x"] + here["width"] <= 390
        sheet.by("nav-more").tap()
        sheet.by("more-find").tap()
        expect(sheet.by("nav-find")).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("width", [320, 500, 680, 760, 1024, 1280])
def test_every_page_is_reached_from_a_header_that_does_not_scroll(page, measured, width):
    page.set_viewport_size({"width": width, "height": 800})
    sheet = opened(page, measured, "paint")
    row = page.locator(".header-pages")
    assert row.evaluate("(row) => row.scrollWidth <= row.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 1250:
        expect(sheet.by("nav-atlas")).to_be_hidden()
        sheet.by("nav-more").click()
        page.keyboard.press("Escape")
        expect(page.locator("[data-testid=more-atlas]")).to_have_count(0)
        page.keyboard.press("Enter")
        sheet.by("more-atlas").click()
    else:
        expect(sheet.by("nav-more")).to_be_hidden()
        sheet.by("nav-atlas").click()
    expect(sheet.by("nav-atlas")).to_have_attribute("aria-current", "page")
    assert row.evaluate("(row) => row.scrollWidth <= row.clientWidth")
