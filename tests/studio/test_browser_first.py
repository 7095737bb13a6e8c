"""The first minute in the browser: what a newcomer sees, and what is said where nothing happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from inscape.painting.example import Example, ExampleStroke
from inscape.pictures import read_recipe
from studio.browser import RunningStudio, Sheet, slow

pytestmark = pytest.mark.browser
_GREY = """() => {
    const seen = { frames: 0, grey: 0, told: new Set() };
    window.seen = seen;
    const look = () => {
        const stage = document.querySelector('.stage-main');
        const loading = document.querySelector('[data-testid=stage-loading]');
        const drawn = document.querySelector('[data-testid=canvas]')?.dataset.seq;
        if (stage) seen.frames += 1;
        if (stage && !loading && !drawn) seen.grey += 1;
        if (loading) seen.told.add(loading.textContent);
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


@pytest.fixture(scope="module")
def shown_off(browser, hamlet: Path, tmp_path_factory) -> Iterator[RunningStudio]:
    """A studio whose model has a painted example."""
    folder = Path(shutil.copytree(hamlet, tmp_path_factory.mktemp("models") / "hamlet"))
    stroke = ExampleStroke(concept="door", layer="layer16a", top=3, box=(4, 8, 6, 8))
    Example(seed=5, strokes=(stroke,)).write(folder)
    studio = RunningStudio(folder, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


def toasts(sheet: Sheet, title: str):
    return sheet.page.locator("[data-testid=toast]", has_text=title)


def test_the_shell_is_there_without_the_script(own_page, shown_off):
    own_page.route("**/*.js", lambda route: route.abort())
    own_page.goto(shown_off.address)
    expect(own_page.locator(".logo")).to_contain_text("Inscape")
    expect(own_page.locator("[data-testid=stage-loading]")).to_have_text("Opening the studio")
    expect(own_page.locator(".stage-main")).to_be_visible()


def test_a_first_visit_shows_the_painted_example_before_and_after_and_one_thing_to_do(own_page, shown_off):
    own_page.add_init_script(f"({_GREY})()")
    own_page.add_init_script(slow("brushes", 300))
    own_page.goto(shown_off.address)
    sheet = Sheet(own_page)
    sheet.wait_for_strokes(1)
    seen = own_page.evaluate("() => ({...window.seen, told: [...window.seen.told]})")
    assert seen["grey"] == 0 and "Loading the generator" in seen["told"]
    expect(sheet.by("seed")).to_have_value("5")
    expect(sheet.by("brush-door")).to_have_attribute("aria-pressed", "true")
    hint = sheet.by("stage-hint")
    expect(hint).to_contain_text("The door was painted")
    expect(hint).to_contain_text("Drag on the picture to draw another door")
    own_page.wait_for_selector("[data-testid=canvas][data-compare=slider]")
    middle = sheet.by("compare-slider").bounding_box()
    box = sheet.by("canvas").bounding_box()
    assert box["x"] < middle["x"] < box["x"] + box["width"] / 2
    split = sheet.picture()
    own_page.keyboard.press("c")
    assert sheet.picture() != split
    own_page.keyboard.press("c")
    assert shown_off.get("api/paintings")["paintings"] == []  # nothing was done yet
    sheet.stroke(0.5, 0.3, to=(0.55, 0.35))
    expect(hint).to_have_count(0)
    sheet.wait_until_kept()
    (painting,) = shown_off.get("api/paintings")["paintings"]
    assert (painting["seed"], painting["strokes"]) == (5, 2)


def test_a_stroke_under_the_original_shows_itself(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=21")
    page.keyboard.press("o")
    page.wait_for_selector("[data-testid=canvas][data-compare=original]")
    sheet.stroke()
    page.wait_for_selector("[data-testid=canvas][data-compare=off]")
    sheet.clear()


def test_paint_says_what_is_missing(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=22")
    page.keyboard.press("Control+z")
    expect(toasts(sheet, "There is nothing to undo")).to_be_visible()
    sheet.by("redo").click(force=True)
    expect(toasts(sheet, "There is nothing to redo")).to_be_visible()
    sheet.by("paint-layer").evaluate("one => one.closest('details').open = true")
    sheet.by("paint-layer").select_option("layer8a")  # it has no report, and so no brushes
    page.wait_for_selector("text=No brushes in this layer yet")
    sheet.sweep(0.5, 0.5, to=(0.6, 0.6))
    expect(toasts(sheet, "No brush is chosen")).to_contain_text("Dissect it, or type units")
    assert sheet.strokes == 0


def test_rewrite_says_that_nothing_is_copied(page, shared_studio):
    sheet = Sheet(page)
    page.goto(f"{shared_studio.address}#/rewrite?seeds=0-2")
    page.wait_for_selector("[data-testid=tile-1] img")
    sheet.by("tool-paste").click()
    sheet.by("tile-1").click()
    told = toasts(sheet, "Nothing is copied yet")
    expect(told).to_contain_text("Choose Copy")
    told.locator("[data-testid=toast-action]").click()
    expect(sheet.by("tool-copy")).to_have_attribute("aria-pressed", "true")
    sheet.by("eraser").click()
    sheet.by("tile-1").click()
    expect(toasts(sheet, "Nothing is marked there in picture 1")).to_be_visible()
    sheet.by("rule-undo").click(force=True)
    expect(toasts(sheet, "There is nothing to undo")).to_be_visible()


def test_find_says_that_a_click_marks_nothing(page, shared_studio):
    sheet = Sheet(page)
    page.goto(f"{shared_studio.address}#/find?model=hamlet")
    page.wait_for_selector("[data-testid=find-wall] img")
    sheet.by("find-stage").click(position={"x": 21, "y": 21})
    expect(toasts(sheet, "A click marks nothing")).to_be_visible()
    expect(sheet.by("find-count")).to_be_empty()


@pytest.mark.parametrize("scale", [2, 4])
def test_a_painting_is_exported_larger_from_the_menu(page, shared_studio, scale, tmp_path):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=23")
    sheet.by("share-menu").click()
    with page.expect_download() as download:
        sheet.by(f"export-{scale}").click()
    assert download.value.suggested_filename == f"inscape-hamlet-23-{scale}x.png"
    path = tmp_path / "exported.png"
    download.value.save_as(path)
    assert Image.open(path).width == scale * 32 and read_recipe(path)["seed"] == 23


@pytest.mark.parametrize("width", [1280, 390])
def test_pictures_of_units_are_large_and_grow_under_the_pointer(page, shared_studio, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{shared_studio.address}#/units?model=hamlet")
    pictures = page.locator(".unit-open .unit-picture:visible")
    pictures.first.wait_for()
    before = pictures.first.bounding_box()["width"]
    assert before >= 128
    pictures.first.hover()
    page.wait_for_function(
        "() => getComputedStyle(document.querySelector('.unit-picture')).transform !== 'none'"
    )
    assert pictures.first.bounding_box()["width"] > before
    page.locator(".unit-open").first.click()
    page.wait_for_function("() => document.querySelector('.lightbox img')?.naturalWidth > 0")
    widths = [
        one["width"]
        for one in map(lambda one: one.bounding_box(), page.locator(".lightbox .unit-picture").all())
    ]
    assert len(widths) == 8 and min(widths) >= 128
