from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from photos.painted_photo import some_photo
from studio.browser import RunningStudio, Sheet, Tab, phone, slow

pytestmark = pytest.mark.browser
SIZE = (640, 512)
_DROP = """([data, name]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: 'image/png' }));
    const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
    const anywhere = document.querySelector('.header');
    anywhere.dispatchEvent(new DragEvent('dragover', options));
    anywhere.dispatchEvent(new DragEvent('drop', options));
}"""
_PASTE = """([data, name]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: 'image/png' }));
    window.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, clipboardData: transfer }));
}"""


def photo_file(size: tuple[int, int] = SIZE) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(some_photo(size=size).pixels).save(stream, "PNG")
    return stream.getvalue()


class PhotoSheet(Sheet):
    """The page Photo in a browser, as a person sees it."""

    def visit(self, address: str, query: str = "") -> PhotoSheet:
        """Open the page."""
        self.page.goto(f"{address}#/photo{query}")
        self.page.wait_for_selector("[data-testid=photo-page]")
        return self

    def at(self, step: str) -> None:
        """Until that part of the work is shown."""
        self.page.wait_for_selector(f"[data-testid=photo-page][data-step={step}]")

    def bring(self, data: bytes | None = None, name: str = "house.png") -> PhotoSheet:
        """Choose a file."""
        file = {"name": name, "mimeType": "image/png", "buffer": data or photo_file()}
        self.by("photo-file").set_input_files(file)
        self.at("fit")
        self.page.wait_for_selector("[data-testid=fit-stage] img")
        return self

    def invert(self) -> None:
        """Let the generator draw it, and wait for the result; in a second, though 5 are the least offered."""

        def sooner(route) -> None:
            asked = json.loads(route.request.post_data)
            assert asked["seconds"] == 5
            route.continue_(post_data=json.dumps(asked | {"seconds": 1}))

        self.by("photo-seconds").select_option("5")
        self.page.route("**/inversion", sooner)
        self.by("invert").click()
        self.at("result")
        self.page.unroute("**/inversion", sooner)

    def paint_on_it(self) -> None:
        """Go on to the tools."""
        self.by("paint-on-it").click()
        self.shown()

    @property
    def islands(self) -> list[str]:
        """The islands that strokes influence; a minus follows the number of one that was dropped."""
        return self.by("canvas").get_attribute("data-islands").split()

    def wait_for_islands(self, condition: str) -> None:
        """Until something holds of the list `islands`."""
        self.page.wait_for_function(
            f"""() => {{
                const canvas = document.querySelector('[data-testid=canvas]');
                const islands = (canvas?.dataset.islands ?? '').split(' ').filter(Boolean);
                return canvas?.dataset.final === 'true' && ({condition});
            }}""",
        )

    def export(self) -> np.ndarray:
        """The finished picture."""
        with self.page.expect_download() as download:
            self.by("export-png").click()
        data = Path(download.value.path()).read_bytes()
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def identifier(self) -> str:
        """Which photo is open, from the address."""
        return self.page.url.split("photo=")[1].split("&")[0]


@pytest.fixture(scope="module")
def studio(browser, hamlet: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio that a test may kill."""
    running = RunningStudio(hamlet, tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ready(desk: Tab, studio: RunningStudio) -> str:
    """A photo that has been inverted."""
    with desk.page() as page:
        sheet = PhotoSheet(page).visit(studio.address).bring()
        sheet.invert()
        return sheet.identifier()


def test_a_photo_is_dropped_inverted_before_ones_eyes_and_painted_on(page, studio):
    sheet = PhotoSheet(page).visit(studio.address)
    sheet.at("choose")
    page.evaluate(_DROP, [base64.b64encode(photo_file()).decode(), "dropped.png"])
    sheet.at("fit")
    assert page.locator(".photo-panel h2").inner_text().startswith("dropped.png")
    sheet.by("photo-seconds").select_option("180")  # it is stopped long before
    sheet.by("invert").click()
    page.wait_for_selector("[data-testid=improving]")
    first = int(sheet.by("running").get_attribute("data-step"))
    page.wait_for_function(
        f"() => Number(document.querySelector('[data-testid=running]')?.dataset.step) > {first}"
    )
    assert " dB" in sheet.by("psnr").inner_text()
    sheet.by("stop-and-use").click()
    sheet.at("result")
    assert float(sheet.by("score").inner_text().split()[0]) > 10
    assert "Stopped early" in page.locator(".score").inner_text()
    assert page.locator("[data-testid=paint-on-it]").count() == 1  # the score comes before the brushes
    sheet.paint_on_it()
    sheet.by("brush-door").click()
    plain = sheet.picture()
    sheet.stroke(0.5, 0.5, to=(0.55, 0.55))
    sheet.wait_until_kept()
    assert sheet.picture() != plain
    page.keyboard.press("Control+z")
    sheet.wait_for_strokes(0)
    assert sheet.picture() == plain


def test_the_finished_picture_has_the_photos_size_and_its_pixels_outside(page, studio, ready):
    sheet = PhotoSheet(page).visit(studio.address, f"?photo={ready}&view=paint")
    sheet.shown()
    sheet.by("brush-door").click()
    sheet.stroke(0.45, 0.45, to=(0.5, 0.5))
    sheet.wait_for_islands("islands.length > 0")
    before, after = np.asarray(Image.open(io.BytesIO(photo_file()))), sheet.export()
    assert after.shape == (SIZE[1], SIZE[0], 3)
    painting = studio.get(f"api/photos/{ready}")["painting"]
    numbers = influence_of(studio, painting)
    fit = studio.get(f"api/photos/{ready}")["fit"]
    scale = int(fit["width"]) // len(numbers)
    marked = np.zeros(before.shape[:2], bool)
    square = np.kron(numbers > 0, np.ones((scale, scale), bool))
    marked[:, int(fit["x"]) : int(fit["x"]) + square.shape[1]] = square
    changed = (before != after).any(2)
    assert changed.any() and not changed[~marked].any()
    sheet.clear()
    assert np.array_equal(sheet.export(), before)


def influence_of(studio: RunningStudio, painting: str) -> np.ndarray:
    import zlib

    found = studio.get(f"api/paintings/{painting}/influence")
    raw = zlib.decompress(base64.b64decode(found["map"]))
    return np.frombuffer(raw, np.uint8).reshape(found["size"], found["size"])


def test_islands_are_dropped_and_taken_back_by_click_list_and_undo(page, studio, ready):
    sheet = PhotoSheet(page).visit(studio.address, f"?photo={ready}&view=paint")
    sheet.shown()
    sheet.by("brush-door").click()
    sheet.stroke(0.4, 0.4, to=(0.45, 0.45))
    sheet.wait_for_islands("islands.length > 0")
    painted = sheet.export()
    name = sheet.islands[0]
    sheet.by(f"island-{name}").uncheck()
    sheet.wait_for_islands(f"islands.includes('{name}-')")
    expect(page.locator("[data-testid=history-item]").filter(has_text="Drop an island")).to_have_count(1)
    assert not np.array_equal(sheet.export(), painted)
    page.keyboard.press("Control+z")
    sheet.wait_for_islands(f"islands.includes('{name}')")
    assert np.array_equal(sheet.export(), painted)
    page.keyboard.press("Control+Shift+z")
    sheet.wait_for_islands(f"islands.includes('{name}-')")
    sheet.by(f"island-{name}").check()
    sheet.wait_for_islands(f"islands.includes('{name}')")
    page.keyboard.press("d")
    sheet.by("canvas").click(position=centre_of(sheet, 0.4, 0.4))
    sheet.wait_for_islands("islands.some((one) => one.endsWith('-'))")
    page.keyboard.press("i")
    expect(sheet.by("influence")).to_have_attribute("aria-pressed", "false")
    sheet.clear()


def centre_of(sheet: Sheet, x: float, y: float) -> dict:
    box = sheet.by("canvas").bounding_box()
    return {"x": box["width"] * x, "y": box["height"] * y}


def test_the_photo_is_kept_under_the_brush(page, studio, ready):
    sheet = PhotoSheet(page).visit(studio.address, f"?photo={ready}&view=paint")
    sheet.shown()
    sheet.by("brush-door").click()
    sheet.stroke(0.5, 0.4, to=(0.55, 0.4))
    painted = sheet.export()
    page.keyboard.press("p")
    expect(sheet.by("mode-keep")).to_have_attribute("aria-pressed", "true")
    for _ in range(6):
        page.keyboard.press("]")
    sheet.stroke(0.35, 0.4, to=(0.65, 0.4))
    sheet.wait_until_kept()
    kept, before = sheet.export(), np.asarray(Image.open(io.BytesIO(photo_file())))
    assert (kept != before).any(2).sum() < 0.7 * (painted != before).any(2).sum()
    sheet.clear()


def test_the_appearance_of_a_place_is_picked_up_with_one_click(page, studio, ready):
    sheet = PhotoSheet(page).visit(studio.address, f"?photo={ready}&view=paint")
    sheet.shown()
    before = sheet.strokes
    page.keyboard.press("y")
    page.locator("summary", has_text="More").first.click()
    expect(sheet.by("pick")).to_contain_text("Click a place")
    sheet.by("canvas").click(position=centre_of(sheet, 0.35, 0.3))
    expect(sheet.by("pick")).not_to_contain_text("Click a place")
    expect(sheet.by("pick")).to_have_attribute("aria-pressed", "true")
    assert sheet.strokes == before
    sheet.stroke(0.6, 0.6, to=(0.62, 0.62))
    sheet.wait_until_kept()
    stroke = studio.get(f"api/paintings/{studio.get(f'api/photos/{ready}')['painting']}")["operations"][-1]
    assert len(stroke["stroke"]["values"]) == len(stroke["stroke"]["units"]) > 4
    sheet.clear()


def test_everything_is_compared_with_what_the_generator_draws(page, studio, ready):
    sheet = PhotoSheet(page).visit(studio.address, f"?photo={ready}&view=paint")
    sheet.shown()
    seen = {"off": sheet.picture()}
    for key, mode in (("n", "features"), ("t", "adapted"), ("c", "slider")):
        page.keyboard.press(key)
        page.wait_for_selector(f"[data-testid=canvas][data-compare={mode}]")
        seen[mode] = sheet.picture()
        page.keyboard.press(key)
    assert len({seen["off"], seen["features"], seen["adapted"]}) == 3
    sheet.by("show-result").click()
    sheet.at("result")
    for stage in ("latent", "features", "adapted"):
        assert "dB" in sheet.by(f"stage-{stage}").inner_text()
    assert page.locator(".pair figure").count() == 3


def test_reload_and_kill_keep_the_photo_the_square_and_every_stroke(page, studio):
    sheet = PhotoSheet(page).visit(studio.address).bring(name="kept.png")
    sheet.by("fit-zoom").fill("1")
    page.wait_for_function(
        "() => document.querySelector('[data-testid=fit-stage]').dataset.fit.includes('256')"
    )
    sheet.by("fit-stage").focus()
    page.keyboard.press("ArrowLeft")
    fit = sheet.by("fit-stage").get_attribute("data-fit")
    sheet.invert()
    sheet.paint_on_it()
    sheet.by("brush-door").click()
    sheet.stroke(0.5, 0.5, to=(0.52, 0.52))
    sheet.stroke(0.45, 0.45, to=(0.47, 0.47))
    sheet.wait_until_kept()
    place, name, shown = page.url.split("#")[1], sheet.identifier(), sheet.export()
    page.reload()
    sheet.wait_for_strokes(2)
    assert sheet.by("brush-door").get_attribute("aria-pressed") == "true"
    studio.kill()
    studio.start()
    sheet.page.goto(f"{studio.address}#{place}")
    sheet.wait_for_strokes(2)
    assert np.array_equal(sheet.export(), shown)
    kept = studio.get(f"api/photos/{name}")["fit"]
    assert ",".join(f"{kept[side]:.1f}" for side in ("x", "y", "width", "height")) == fit
    sheet.by("undo").click()
    sheet.wait_for_strokes(1)


# Goes to one photo, and on to another in the moment in which the first is drawn.
_AND_ON = """([first, second]) => {
    const page = document.querySelector('[data-testid=photo-page]');
    new MutationObserver((_, watch) => {
        if (page.dataset.step !== 'paint') return;
        watch.disconnect();
        location.hash = `#/photo?photo=${second}`;
    }).observe(page, { attributes: true, attributeFilter: ['data-step'] });
    location.hash = `#/photo?photo=${first}`;
}"""


def test_a_photo_that_is_left_while_its_painting_is_fetched_stays_left(own_page, studio):
    sheet = PhotoSheet(own_page).visit(studio.address).bring(name="left.png")
    sheet.invert()
    sheet.paint_on_it()
    sheet.by("brush-door").click()
    sheet.stroke(0.5, 0.5, to=(0.52, 0.52))
    sheet.wait_until_kept()
    left = sheet.identifier()
    sheet.visit(studio.address).bring(photo_file((80, 90)), name="other.png")
    sheet.invert()
    other = sheet.identifier()
    assert other != left
    own_page.add_init_script(slow("api/paintings/[^/]+$"))
    own_page.reload()
    sheet.at("result")
    own_page.evaluate(_AND_ON, [left, other])
    own_page.wait_for_function("(id) => location.hash.includes(id)", arg=other)
    own_page.wait_for_timeout(2500)
    assert sheet.identifier() == other
    sheet.paint_on_it()
    sheet.wait_for_strokes(0)
    sheet.by("brush-door").click()
    sheet.stroke(0.3, 0.3, to=(0.32, 0.32))
    sheet.wait_until_kept()
    paintings = [studio.get(f"api/photos/{name}")["painting"] for name in (left, other)]
    strokes = [len(studio.get(f"api/paintings/{name}")["operations"]) for name in paintings]
    assert strokes == [1, 1]


def test_one_goes_on_to_paint_before_the_page_knows_that_the_job_has_ended(page, studio):
    sheet = PhotoSheet(page).visit(studio.address).bring(name="soon.png")
    page.evaluate(slow("api/jobs/[^/]+$"))
    sheet.invert()
    sheet.by("paint-on-it").click()
    sheet.at("paint")
    page.wait_for_timeout(3500)
    assert "view=paint" in page.url
    sheet.shown()


def test_what_is_chosen_while_a_photo_is_opened_stays_chosen(own_page, studio, ready):
    sheet = PhotoSheet(own_page).visit(studio.address, f"?photo={ready}&view=paint")
    sheet.shown()
    sheet.stroke(0.5, 0.4, to=(0.55, 0.4))
    sheet.wait_until_kept()
    own_page.add_init_script(slow("api/paintings/[^/]+$", 4000))
    sheet.visit(studio.address, f"?photo={ready}&view=paint&brush=sky&mode=remove")
    sheet.by("brush-door").click()
    sheet.by("mode-draw").click()
    sheet.shown()
    expect(sheet.by("brush-door")).to_have_attribute("aria-pressed", "true")
    expect(sheet.by("mode-draw")).to_have_attribute("aria-pressed", "true")
    sheet.clear()
    sheet.visit(studio.address, f"?photo={ready}&view=paint&brush=sky")
    sheet.by("show-result").click()
    sheet.at("result")
    own_page.wait_for_timeout(6000)
    sheet.at("result")
    assert "view=result" in own_page.url


def test_an_inversion_that_was_stopped_is_over_though_the_answer_to_that_comes_last(page, studio):
    sheet = PhotoSheet(page).visit(studio.address).bring(name="stopped.png")
    sheet.by("photo-seconds").select_option("180")
    sheet.by("invert").click()
    page.wait_for_selector("[data-testid=improving]")
    page.evaluate(slow("api/photos/[^/]+/inversion/stop$", 8000))
    sheet.by("stop-and-use").click()
    sheet.at("result")
    page.wait_for_timeout(8500)
    sheet.at("result")
    expect(sheet.by("score")).to_be_visible()


def test_what_is_pasted_and_is_no_picture_is_said_in_one_sentence(page, studio):
    sheet = PhotoSheet(page).visit(studio.address)
    sheet.at("choose")
    page.evaluate(_PASTE, [base64.b64encode(b"%PDF-1.7 no picture").decode(), "letter.png"])
    page.wait_for_selector("[data-testid=photo-problem]")
    assert "letter.png" in sheet.by("photo-problem").inner_text()
    page.evaluate(_PASTE, [base64.b64encode(photo_file((90, 300))).decode(), "tall.png"])
    sheet.at("fit")
    for mode, width in (("pad", "300.0"), ("stretch", "90.0"), ("crop", "90.0")):
        sheet.by(f"fit-{mode}").click()
        page.wait_for_function(
            f"() => document.querySelector('[data-testid=fit-stage]').dataset.fit.split(',')[2] === '{width}'"
        )


def test_an_inversion_is_given_up_with_escape_and_started_again(page, studio):
    sheet = PhotoSheet(page).visit(studio.address).bring(name="given-up.png")
    sheet.by("photo-seconds").select_option("180")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-testid=improving]")
    page.keyboard.press("Escape")
    sheet.at("fit")
    assert studio.get(f"api/photos/{sheet.identifier()}")["inversion"] is None
    sheet.invert()
    sheet.by("start-over").click()
    sheet.at("fit")
    expect(sheet.by("toast")).to_contain_text("A new copy of the photo")


def test_a_photo_is_deleted_and_comes_back(page, studio, ready):
    sheet = PhotoSheet(page).visit(studio.address, f"?photo={ready}")
    page.wait_for_selector("[data-testid=delete-photo]")
    sheet.by("delete-photo").click()
    sheet.at("choose")
    sheet.by("toast-action").click()
    page.wait_for_selector(f"[data-testid=photo-{ready}]")


def test_fingers_paint_on_a_narrow_screen(browser, studio, ready):
    with phone(browser) as page:
        sheet = PhotoSheet(page).visit(studio.address, f"?photo={ready}&view=paint")
        sheet.shown()
        for step in ("paint", "result"):
            assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, step
            if step == "paint":
                before = sheet.strokes
                canvas = sheet.by("canvas")
                canvas.scroll_into_view_if_needed()
                place = centre_of(sheet, 0.5, 0.5)
                canvas.tap(position=place)
                sheet.wait_for_strokes(before + 1)
                for name in ("mode-draw", "mode-keep", "mode-drop", "undo", "export-png"):
                    assert sheet.by(name).bounding_box()["height"] >= 43.5, name
                sheet.by("undo").tap()
                sheet.wait_for_strokes(before)
                sheet.by("show-result").tap()
                sheet.at("result")
