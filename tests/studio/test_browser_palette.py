from __future__ import annotations

import pytest
from playwright.sync_api import expect

from studio.browser import Sheet, phone

pytestmark = pytest.mark.browser


@pytest.fixture
def sheet(page, shared_studio) -> Sheet:
    return Sheet(page).open(shared_studio.address, "#/paint?seed=61&brush=door")


def options(sheet: Sheet) -> list[str]:
    """What the palette offers, in its order."""
    rows = sheet.page.locator("[role=option]").all()
    return [row.get_attribute("data-testid").removeprefix("palette-") for row in rows]


def chosen(sheet: Sheet) -> str:
    """The command that Enter would run, as the field names it."""
    field = sheet.by("palette-field")
    name = field.get_attribute("aria-activedescendant")
    assert sheet.page.locator("[role=option][aria-selected=true]").get_attribute("id") == name
    assert name is not None
    return name.removeprefix("palette-")


def test_a_command_is_found_by_typing_and_done_by_enter(sheet):
    sheet.by("canvas").focus()
    sheet.page.keyboard.press("Control+k")
    expect(sheet.by("palette-field")).to_be_focused()
    assert sheet.by("palette-compare").locator("kbd").inner_text() == "C"
    sheet.page.keyboard.type("comp bef")
    assert options(sheet) == ["compare"]
    sheet.page.keyboard.press("Enter")
    sheet.page.wait_for_selector("[data-testid=canvas][data-compare=slider]")
    expect(sheet.by("palette")).to_have_count(0)
    expect(sheet.by("canvas")).to_be_focused()


def test_arrows_choose_and_escape_gives_the_focus_back(sheet):
    sheet.by("seed").focus()
    sheet.page.keyboard.press("Control+k")  # also while somebody types
    expect(sheet.by("palette-field")).to_be_focused()
    every = options(sheet)
    for key, at in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("ArrowUp", 0), ("ArrowUp", -1)):
        sheet.page.keyboard.press(key)
        assert chosen(sheet) == every[at]
    for _ in range(4):
        sheet.page.keyboard.press("Tab")
        inside = (
            "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        assert sheet.page.evaluate(inside)
    sheet.by("palette-field").fill("zzz")
    assert options(sheet) == []
    assert "No action of that name" in sheet.by("palette").inner_text()
    sheet.page.keyboard.press("Escape")
    expect(sheet.by("palette")).to_have_count(0)
    expect(sheet.by("seed")).to_be_focused()
    assert sheet.by("seed").input_value() == "61"


def test_what_cannot_be_done_now_is_not_offered(sheet):
    sheet.page.keyboard.press("Control+k")
    before = options(sheet)
    assert "page-units" in before and "help" in before
    assert not {"undo", "redo", "reset", "page-paint", "peek", "hand"} & set(before)
    sheet.page.keyboard.press("Control+k")
    expect(sheet.by("palette")).to_have_count(0)
    sheet.stroke()
    sheet.page.keyboard.press("Control+k")
    after = options(sheet)
    assert {"undo", "reset"} <= set(after) and "redo" not in after
    sheet.by("palette-undo").click()
    sheet.wait_for_strokes(0)


def test_every_page_offers_the_others_and_what_is_its_own(sheet):
    own = {"units": "find", "rewrite": "tool-context", "photo": "choose-photo", "models": "help"}
    for name, action in own.items():
        sheet.page.keyboard.press("Control+k")
        sheet.by("palette-field").fill(name)
        sheet.page.keyboard.press("Enter")
        sheet.page.wait_for_selector(f"main.page-{name}")
        if name == "units":
            sheet.page.wait_for_selector("[data-testid=unit-search]")
        sheet.page.keyboard.press("Control+k")
        offered = options(sheet)
        assert action in offered and f"page-{name}" not in offered
        sheet.page.keyboard.press("Escape")


def test_fingers_open_it_on_a_narrow_screen(browser, shared_studio):
    with phone(browser) as page:
        sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=62")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        for name in ("commands", "theme", "help", "nav-more"):
            box = sheet.by(name).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["height"] >= 43.5, name
        sheet.by("commands").tap()
        box = sheet.by("palette").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
        assert sheet.by("palette-page-units").bounding_box()["height"] >= 43.5
        sheet.by("palette-page-units").tap()
        page.wait_for_selector("main.page-units")
