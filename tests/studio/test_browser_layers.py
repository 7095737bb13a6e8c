"""The page Layers in the browser."""

from __future__ import annotations

import pytest

from studio.browser import Sheet

pytestmark = pytest.mark.browser


@pytest.fixture
def sheet(page, shared_studio) -> Sheet:
    page.goto(f"{shared_studio.address}#/layers")
    page.wait_for_selector("[data-testid=compared-layer16a]")
    return Sheet(page)


def test_layers_show_what_is_known_and_lead_to_their_units(sheet):
    assert " of " in sheet.by("compared-layer16a").inner_text()
    assert "not dissected" in sheet.by("compared-layer8a").inner_text()
    line = sheet.page.locator("main [aria-busy=false] code").inner_text()
    assert line.startswith("inscape layers ") and "layer16a" not in line
    sheet.by("compared-layer16a").click()
    sheet.page.wait_for_selector("[data-testid=unit-row]")
    assert "layer=layer16a" in sheet.page.url


def test_layers_fit_a_phone(sheet):
    sheet.page.set_viewport_size({"width": 390, "height": 844})
    assert sheet.page.evaluate("document.documentElement.scrollWidth") <= 390
