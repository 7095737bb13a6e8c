"""Painting on pictures of a conditional generator, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from small_generators import small_generator
from studio.browser import RunningStudio, Sheet
from studio.conftest import ByUnitsOfATown, dissected

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def menagerie(browser, tmp_path_factory) -> Iterator[RunningStudio]:
    model = small_generator(name="menagerie", classes=("cat", "dog", "owl"))
    folder = dissected(tmp_path_factory.mktemp("models") / "menagerie", ByUnitsOfATown, model)
    studio = RunningStudio(folder, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


@pytest.fixture
def sheet(page, menagerie) -> Sheet:
    return Sheet(page).open(menagerie.address, "#/paint?model=menagerie&seed=2&brush=tree")


def choose(sheet: Sheet, name: str, number: int) -> None:
    sheet.by("paint-class").select_option(label=name)
    sheet.page.wait_for_url(f"**class={number}*")
    sheet.shown()


def test_a_class_is_chosen_by_name_and_stands_in_the_address(sheet):
    assert sheet.by("paint-class").input_value() == "1"
    assert sheet.by("paint-class").locator("option").all_inner_texts() == ["cat", "dog", "owl"]
    own = sheet.picture()
    choose(sheet, "owl", 2)
    assert sheet.picture() != own
    thumbnail = sheet.by("thumb-2").locator("img").get_attribute("src")
    assert thumbnail.endswith("pictures/2.jpg?class_index=2")
    sheet.page.go_back()
    expect(sheet.by("paint-class")).to_have_value("1")
    assert sheet.picture() == own


def test_every_class_keeps_its_own_strokes(sheet, menagerie):
    choose(sheet, "cat", 0)
    sheet.stroke()
    sheet.wait_until_kept()
    painted = sheet.picture()
    choose(sheet, "owl", 2)
    sheet.wait_for_strokes(0)
    choose(sheet, "cat", 0)
    sheet.wait_for_strokes(1)
    assert sheet.picture() == painted
    sheet.page.reload()
    sheet.wait_for_strokes(1)
    assert sheet.by("paint-class").input_value() == "0" and sheet.picture() == painted
    kept = menagerie.get("api/paintings")["paintings"]
    assert [(one["seed"], one["class_index"]) for one in kept] == [(2, 0)]


def test_another_picture_stays_in_the_class(sheet):
    choose(sheet, "owl", 2)
    sheet.by("thumb-3").click()
    sheet.page.wait_for_url(lambda url: "seed=3" in url and "class=2" in url)
    expect(sheet.by("paint-class")).to_have_value("2")


def test_models_without_classes_offer_none(page, menagerie):
    sheet = Sheet(page).open(menagerie.address, "#/paint?model=town&seed=2")
    assert sheet.page.locator("[data-testid=paint-class]").count() == 0
    assert "class=" not in sheet.page.url
    assert Path(sheet.by("thumb-3").locator("img").get_attribute("src")).name == "3.jpg"
