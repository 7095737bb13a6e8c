from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.browser import PHONE, Sheet, Tab, tab

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


@pytest.fixture
def axe() -> str:
    if not AXE.exists():
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail("no axe-core under CI")
        pytest.skip("axe-core is not installed: npm ci in web/")
    return AXE.read_text()


@pytest.fixture(scope="module")
def pocket(browser) -> Iterator[Tab]:
    """A phone, for one test after another."""
    pocket = Tab(browser, **PHONE)
    yield pocket
    pocket.close()


def luminance(page, selector: str, what: str) -> float:
    """Relative luminance of a colour that the page has computed, 0 to 1."""
    channels = page.evaluate(
        """async ([selector, what]) => {
            const frame = () => new Promise(requestAnimationFrame);
            await frame().then(frame);
            await Promise.all(document.querySelector(selector).getAnimations().map((each) => each.finished));
            const probe = document.createElement('canvas').getContext('2d');
            probe.fillStyle = getComputedStyle(document.querySelector(selector))[what];
            probe.fillRect(0, 0, 1, 1);
            return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }""",
        [selector, what],
    )
    return sum(weight * value / 255 for weight, value in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_serious_fault_on_any_page(browser, shared_studio, axe, scheme, width):
    faults = []
    with tab(browser, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=1")
        links = page.locator(".header-pages a")
        names = links.evaluate_all("(all) => all.map((one) => one.dataset.testid.slice(4))")
        assert len(names) >= 12
        for name in names:
            if not sheet.by(f"nav-{name}").is_visible():  # a narrow header has it behind a button
                sheet.by("nav-more").click()
                sheet.by(f"more-{name}").click()
            else:
                sheet.by(f"nav-{name}").click()
            page.wait_for_load_state("networkidle")
            page.evaluate(axe)
            found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
            faults += [
                (name, fault["id"], fault["nodes"][0]["html"][:200])
                for fault in found["violations"]
                if fault["impact"] in SERIOUS
            ]
    assert faults == []


def test_dark_follows_the_system_and_can_be_chosen(browser, shared_studio):
    for scheme, dark in (("light", False), ("dark", True)):
        with tab(browser, color_scheme=scheme) as page:
            sheet = Sheet(page).open(shared_studio.address)
            assert (luminance(page, "body", "backgroundColor") < 0.25) == dark
            assert (luminance(page, "body", "color") > 0.6) == dark
            other = "light" if dark else "dark"
            for _ in range(2):
                if page.locator(f"html[data-theme={other}]").count() == 0:
                    sheet.by("theme").click()
            page.wait_for_selector(f"html[data-theme={other}]")
            assert (luminance(page, "body", "backgroundColor") < 0.25) != dark


@pytest.mark.parametrize("name", ["paint", "photo", "units", "rewrite", "models"])
def test_no_page_is_wider_than_a_narrow_screen(pocket, shared_studio, name):
    with pocket.page() as page:
        page.goto(f"{shared_studio.address}#/{name}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_units_are_found_by_word_and_shown(page, shared_studio):
    page.goto(f"{shared_studio.address}#/units?all=1")
    page.wait_for_selector("[data-testid=unit-row]")
    everything = page.locator("[data-testid=unit-row]").count()
    page.fill("[data-testid=unit-search]", "door")
    page.wait_for_function(
        "all => document.querySelectorAll('[data-testid=unit-row]').length < all",
        arg=everything,
    )
    assert page.locator("[data-testid=unit-row][data-unit='2']").count() == 1  # the door of the planted truth


def test_the_status_is_spoken(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=2")
    sheet.stroke()
    status = sheet.by("status")
    assert status.get_attribute("role") == "status" or status.get_attribute("aria-live") == "polite"
    assert status.inner_text().strip() != ""


def test_the_page_reads_without_a_picture_of_errors(page, shared_studio):
    answer = page.goto(shared_studio.base)
    assert answer.status == 401
    assert "inscape studio" in page.inner_text("body")
