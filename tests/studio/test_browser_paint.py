from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from inscape.models import open_model
from studio.browser import RunningStudio, Sheet, phone, slow, tab

pytestmark = pytest.mark.browser


@pytest.fixture
def own_studio(browser, hamlet, home) -> Iterator[RunningStudio]:
    """A studio that a test may kill."""
    studio = RunningStudio(hamlet, home)
    yield studio
    studio.kill()


def kept(studio, seed):
    """The painting that the server kept of a picture."""
    rows = [row for row in studio.get("api/paintings")["paintings"] if row["seed"] == seed]
    return studio.get(f"api/paintings/{rows[0]['id']}")


def test_nothing_leaves_loopback(own_page, shared_studio):
    asked = []
    own_page.on("request", lambda request: asked.append(request.url))
    own_page.on("websocket", lambda socket: asked.append(socket.url))
    sheet = Sheet(own_page).open(shared_studio.address, "#/paint?seed=900")
    sheet.stroke()
    for name in ("units", "rewrite", "models", "paint"):
        sheet.by(f"nav-{name}").click()
        own_page.wait_for_timeout(300)
    base = shared_studio.base
    allowed = (base, base.replace("http", "ws"), "blob:" + base, "data:")
    assert [url for url in asked if not url.startswith(allowed)] == []
    assert any(url.startswith("ws") for url in asked)


def test_the_token_is_not_left_in_the_address(page, shared_studio):
    Sheet(page).open(shared_studio.address)
    assert "token" not in page.url


def test_a_door_is_painted_by_mouse_and_kept(page, shared_studio, hamlet):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=1")
    before = sheet.picture()
    sheet.by("brush-door").click()
    sheet.stroke(0.4, 0.4, to=(0.6, 0.6))
    assert sheet.picture() != before
    sheet.wait_until_kept()
    painting = kept(shared_studio, 1)
    (operation,) = painting["operations"]
    assert (operation["stroke"]["concept"], painting["cursor"]) == ("door", 1)
    with page.expect_download() as download:
        page.keyboard.press("Control+Shift+e")
    exported = np.asarray(Image.open(download.value.path()))
    plain = open_model(hamlet, device="cpu").sample(1).pixels
    assert exported.shape == plain.shape and (exported != plain).any()


def test_a_door_is_painted_by_keyboard_alone(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=2")
    before = sheet.picture()

    def reach(name):
        for _ in range(120):
            if page.evaluate("() => document.activeElement.dataset.testid || ''") == name:
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{name} cannot be reached with Tab")

    reach("brush-door")
    page.keyboard.press("Enter")
    reach("canvas")
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    sheet.wait_for_strokes(1)
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    sheet.wait_for_strokes(2)
    assert sheet.picture() != before
    sheet.wait_until_kept()
    strokes = [operation["stroke"] for operation in kept(shared_studio, 2)["operations"]]
    assert [stroke["concept"] for stroke in strokes] == ["door", "door"]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    sheet.wait_for_strokes(0)
    page.evaluate("() => document.activeElement.blur()")
    assert sheet.picture() == before


def test_undo_and_redo_step_exactly(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=3")
    shown = [sheet.picture()]
    for number in range(6):
        sheet.by("mode-remove" if number % 2 else "mode-draw").click()
        sheet.stroke(0.3 + 0.05 * number, 0.4, to=(0.4, 0.4 + 0.05 * number))
        shown.append(sheet.picture())
    assert len(set(shown)) == 7
    for count in (5, 4, 3):
        page.keyboard.press("Control+z")
        sheet.wait_for_strokes(count)
        assert sheet.picture() == shown[count]
    sheet.by("undo").click()
    sheet.wait_for_strokes(2)
    assert sheet.picture() == shown[2]
    for count, key in ((3, "Control+Shift+z"), (4, "Control+y")):
        page.keyboard.press(key)
        sheet.wait_for_strokes(count)
        assert sheet.picture() == shown[count]
    sheet.by("reset").click()
    sheet.wait_for_strokes(0)
    assert sheet.picture() == shown[0]
    page.keyboard.press("Control+z")
    sheet.wait_for_strokes(4)
    assert sheet.picture() == shown[4]


def test_a_reload_keeps_the_work_and_its_redo(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=4")
    for number in range(3):
        sheet.stroke(0.3 + 0.1 * number, 0.3)
    page.keyboard.press("Control+z")
    sheet.wait_for_strokes(2)
    shown = sheet.picture()
    sheet.wait_until_kept()
    page.reload()
    sheet.wait_for_strokes(2)
    assert sheet.picture() == shown
    page.keyboard.press("Control+Shift+z")
    sheet.wait_for_strokes(3)


def test_a_killed_studio_loses_nothing_that_was_kept_and_the_page_says_so(page, own_studio):
    sheet = Sheet(page).open(own_studio.address, "#/paint?seed=5")
    sheet.stroke()
    sheet.stroke(0.2, 0.2)
    sheet.wait_until_kept()
    shown = sheet.picture()
    own_studio.kill()
    page.wait_for_selector("[data-testid=disconnected]")
    own_studio.start()
    sheet.open(own_studio.address, "#/paint?seed=5")
    sheet.wait_for_strokes(2)
    assert sheet.picture() == shown


def test_the_second_tab_is_told(browser, page, shared_studio):
    first = Sheet(page).open(shared_studio.address, "#/paint?seed=6")
    first.stroke()
    first.wait_until_kept()
    with tab(browser) as other:
        second = Sheet(other).open(shared_studio.address, "#/paint?seed=6")
        second.wait_for_strokes(1)
        first.stroke(0.2, 0.2)
        first.wait_until_kept()
        second.stroke(0.7, 0.7)
        other.wait_for_selector("[data-testid=save-state].conflict")
        second.by("save-state").get_by_role("button").click()
        second.wait_until_kept()
        second.wait_for_strokes(2)
        assert second.picture() == first.picture()


def test_a_link_restores_the_view(page, shared_studio):
    sheet = Sheet(page).open(
        shared_studio.address, "#/paint?seed=8&brush=door&mode=remove&strength=0.5&size=3"
    )
    assert sheet.by("brush-door").get_attribute("aria-pressed") == "true"
    assert sheet.by("seed").input_value() == "8"
    assert "mode=remove" in page.url and "strength=0.5" in page.url
    sheet.stroke()
    sheet.wait_until_kept()
    stroke = kept(shared_studio, 8)["operations"][0]["stroke"]
    assert (stroke["concept"], stroke["mode"], stroke["strength"]) == ("door", "remove", 0.5)


def test_an_address_typed_on_another_page_is_followed(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=3")
    sheet.by("nav-units").click()
    expect(sheet.by("unit-search")).to_be_visible()
    page.evaluate("location.hash = '#/paint?seed=11&brush=door&mode=remove'")
    expect(sheet.by("seed")).to_have_value("11")
    expect(sheet.by("brush-door")).to_have_attribute("aria-pressed", "true")
    assert "seed=11" in page.url and "mode=remove" in page.url
    page.go_back()
    expect(sheet.by("unit-search")).to_be_visible()


def test_escape_gives_up_the_stroke_under_the_pointer(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=9")
    before = sheet.picture()
    box = sheet.by("canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert sheet.picture() == before
    assert sheet.strokes == 0


def test_an_exported_picture_is_imported_again(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=10")
    sheet.stroke()
    sheet.wait_until_kept()
    shown = sheet.picture()
    with page.expect_download() as download:
        page.keyboard.press("Control+Shift+e")
    path = download.value.path()
    data = path.read_bytes()
    assert "inscape" in Image.open(io.BytesIO(data)).text
    sheet.open(shared_studio.address, "#/paint?seed=11")
    sheet.by("import-file").set_input_files({"name": "painted.png", "mimeType": "image/png", "buffer": data})
    page.wait_for_selector("[data-testid=canvas][data-strokes='1'][data-final=true]")
    assert sheet.picture() == shown


def test_a_file_that_is_no_painting_is_named(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=12")
    sheet.by("import-file").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"}
    )
    page.wait_for_selector("[data-testid=toast]")
    assert "neither a recipe nor a PNG" in sheet.by("toast").inner_text()


def test_fingers_paint_on_a_narrow_screen(browser, shared_studio):
    with phone(browser) as page:
        sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=13")
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= 360
        box = sheet.by("canvas").bounding_box()
        assert box["width"] >= 250 and box["x"] >= 0 and box["x"] + box["width"] <= 360
        sheet.by("brush-door").tap()
        sheet.by("canvas").scroll_into_view_if_needed()
        box = sheet.by("canvas").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        sheet.wait_for_strokes(1)
        for name in ("undo", "mode-draw", "mode-remove", "nav-units"):
            target = sheet.by(name).bounding_box()
            assert target["height"] >= 43.5, name
        sheet.by("undo").tap()
        sheet.wait_for_strokes(0)


def test_a_link_to_an_unknown_model_opens_one_that_is_there(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?model=nowhere&seed=14")
    assert "model=hamlet" in page.url
    assert sheet.strokes == 0


def test_space_pans_after_a_stroke_of_the_mouse_and_paints_at_the_cursor_of_the_keyboard(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=31")
    sheet.stroke()
    box = sheet.by("canvas").bounding_box()
    page.keyboard.down(" ")
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 130, steps=3)
    page.mouse.up()
    page.keyboard.up(" ")
    sheet.wait_for_strokes(1)
    sheet.by("canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    sheet.wait_for_strokes(2)


def test_the_undo_of_a_message_takes_back_what_it_speaks_of_and_nothing_else(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=32")
    sheet.stroke()
    sheet.stroke(0.2, 0.2)
    sheet.by("reset").click()
    sheet.wait_for_strokes(0)
    sheet.by("toast-action").click()
    sheet.wait_for_strokes(2)
    sheet.by("reset").click()
    sheet.wait_for_strokes(0)
    sheet.by("toast-action").focus()  # it stays until the pointer goes down, and for some seconds more
    sheet.sweep(0.7, 0.3, to=(0.6, 0.55))
    sheet.by("toast-action").click()
    expect(page.locator("[data-testid=toast]").filter(has_text="Not undone")).to_be_visible()
    sheet.wait_for_strokes(1)


def test_a_picture_that_was_left_while_its_painting_was_fetched_stays_left(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=73")
    sheet.stroke()
    sheet.wait_until_kept()
    sheet.open(shared_studio.address, "#/paint?seed=72")
    page.evaluate(slow("api/paintings/[^/]+$", times=1))
    sheet.by("thumb-73").click()
    sheet.by("thumb-74").click()
    expect(sheet.by("seed")).to_have_value("74")
    page.wait_for_timeout(2500)
    expect(sheet.by("seed")).to_have_value("74")
    sheet.wait_for_strokes(0)


def test_a_canvas_that_comes_back_says_at_once_what_is_on_it(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=75")
    sheet.stroke()
    sheet.by("nav-units").click()
    expect(sheet.by("unit-search")).to_be_visible()
    sheet.by("nav-paint").click()
    sheet.wait_for_strokes(1)


@pytest.mark.parametrize("late", [False, True])
def test_a_stroke_that_was_not_kept_yet_goes_out_though_the_picture_was_left(page, shared_studio, late):
    seed = 41 if late else 34
    sheet = Sheet(page).open(shared_studio.address, f"#/paint?seed={seed}")
    sheet.stroke()
    sheet.wait_until_kept()
    steps = f"{shared_studio.base}/api/paintings/*"
    failing = [not late]

    def step(route):
        if route.request.method == "PATCH" and failing[0]:
            route.abort()
        else:
            page.wait_for_timeout(900 if late and route.request.method == "PATCH" else 0)
            route.continue_()

    page.route(steps, step)
    sheet.stroke(0.2, 0.2)
    if not late:
        page.wait_for_selector("[data-testid=save-state]:has-text('Not saved')")
    page.keyboard.press("j")
    sheet.wait_for_strokes(0)
    failing[0] = False
    page.keyboard.press("k")
    sheet.wait_for_strokes(2)
    sheet.stroke(0.7, 0.7)
    sheet.wait_until_kept()
    assert kept(shared_studio, seed)["cursor"] == 3


def test_a_stroke_that_the_studio_refuses_is_taken_back_and_later_ones_are_kept(page, shared_studio, hamlet):
    dissected = open_model(hamlet, device="cpu").layer().name
    other = next(name for name in open_model(hamlet, device="cpu").layers if name != dissected)
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=51&brush=door")
    sheet.stroke()
    sheet.wait_until_kept()
    page.get_by_text("More", exact=True).click()
    sheet.by("paint-layer").select_option(other)
    sheet.by("units-field").fill("0,1")
    sheet.by("units-field").press("Enter")
    box = sheet.by("canvas").bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.3 * box["height"], steps=4)
    page.mouse.up()
    expect(page.locator("[data-testid=toast]").filter(has_text="dissected")).to_be_visible()
    sheet.wait_for_strokes(1)
    sheet.by("paint-layer").select_option(dissected)
    sheet.by("brush-door").click()
    sheet.stroke(0.7, 0.7, to=(0.8, 0.75))
    sheet.wait_until_kept()
    concepts = [one["stroke"]["concept"] for one in kept(shared_studio, 51)["operations"]]
    assert concepts == ["door", "door"]


def test_the_search_for_units_follows_the_address(page, shared_studio):
    sheet = Sheet(page).open(shared_studio.address, "#/paint?seed=3")
    sheet.by("nav-units").click()
    expect(sheet.by("unit-search")).to_have_value("")
    sheet.by("unit-search").press_sequentially("door", delay=30)
    page.wait_for_function("() => location.hash.includes('q=door')")
    page.evaluate("location.hash = location.hash.replace('q=door', 'q=sky')")
    expect(sheet.by("unit-search")).to_have_value("sky")
    page.go_back()
    expect(sheet.by("unit-search")).to_have_value("door")


def test_an_export_of_an_untouched_picture_leaves_one_painting(page, shared_studio):
    Sheet(page).open(shared_studio.address, "#/paint?seed=36")
    for _ in range(3):
        with page.expect_download():
            page.keyboard.press("Control+Shift+e")
    rows = [row for row in shared_studio.get("api/paintings")["paintings"] if row["seed"] == 36]
    assert len(rows) == 1


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768), (390, 844)])
def test_more_brushes_leave_the_canvas_on_the_screen(page, shared_studio, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    sheet = Sheet(page).open(shared_studio.address)
    before = sheet.by("canvas").bounding_box()
    page.locator(".brushes .more summary").click()
    page.wait_for_selector("[data-testid=units-field]")
    page.mouse.move(60, 300)
    page.mouse.wheel(0, 2000 if size[0] > 1180 else 0)
    page.wait_for_timeout(200)
    after = sheet.by("canvas").bounding_box()
    assert after["y"] >= 0 and after["y"] + after["height"] <= size[1]
    assert after["height"] > 0.85 * before["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_a_message_covers_nothing_that_one_paints_with_and_waits_for_the_keyboard(page, shared_studio, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    sheet = Sheet(page).open(shared_studio.address, f"#/paint?seed={size[0]}")
    sheet.stroke()
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("Control+Backspace")
    toast = sheet.by("toast")
    sheet.by("toast-action").focus()  # it stays as long as that
    shown = toast.bounding_box()
    for part in page.locator("main .panel, main canvas, main .strip, main .under, main .tools").all():
        box = part.bounding_box()
        below = shown["y"] + shown["height"] <= box["y"] or box["y"] + box["height"] <= shown["y"]
        beside = shown["x"] + shown["width"] <= box["x"] or box["x"] + box["width"] <= shown["x"]
        assert below or beside
    page.wait_for_timeout(7500)
    page.keyboard.press("Enter")
    sheet.wait_for_strokes(1)
    toast.wait_for(state="detached")


def test_a_tab_goes_on_after_a_restart_once_the_browser_has_the_new_token(own_page, own_studio):
    sheet = Sheet(own_page).open(own_studio.address, "#/paint?seed=5")
    sheet.stroke()
    sheet.wait_until_kept()
    own_studio.kill()
    own_page.wait_for_selector("[data-testid=disconnected]")
    own_studio.start(int(own_studio.base.rpartition(":")[2]))
    own_page.wait_for_selector("[data-testid=locked]")
    assert "inscape studio" in sheet.by("locked").inner_text()
    box = sheet.by("canvas").bounding_box()
    own_page.mouse.click(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    own_page.wait_for_selector("[data-testid=save-state].offline")
    asked: list[str] = []
    own_page.on("request", lambda request: asked.append(request.url))
    own_page.on("websocket", lambda socket: asked.append(socket.url))
    own_page.wait_for_timeout(6000)
    assert asked == []
    own_page.evaluate("document.documentElement.dataset.before = 1")
    other = own_page.context.new_page()
    other.goto(own_studio.address + "#/models")
    other.wait_for_selector("[data-testid^=model-]")
    own_page.bring_to_front()
    own_page.wait_for_selector("html:not([data-before]) [data-testid=canvas]")
    sheet.wait_for_strokes(2)
    (painting,) = own_studio.get("api/paintings")["paintings"]
    assert painting["seed"] == 5
    assert len(own_studio.get(f"api/paintings/{painting['id']}")["operations"]) == 2
