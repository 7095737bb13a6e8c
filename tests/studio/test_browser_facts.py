"""The page Facts in the browser, over a tiny language model."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from facts.small_facts import facts, write_knowing
from studio.browser import RunningStudio, Sheet

pytest.importorskip("gguf", reason="gguf is not installed (extra 'facts')")
pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")
pytestmark = pytest.mark.browser
FACT = facts()[0]
PROMPT = FACT.text
MARK = (8, 11)
"""The tokens of "the river"."""


@pytest.fixture(scope="module")
def speaking(browser, tmp_path_factory) -> Iterator[RunningStudio]:
    """A studio with a language model that was opened from a file."""
    path = write_knowing(tmp_path_factory.mktemp("models"))
    studio = RunningStudio(path.rename(path.with_name("speaker.gguf")), tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


def opened(page, studio: RunningStudio, query: str = "") -> Sheet:
    page.goto(f"{studio.address}#/facts?model=speaker{query}")
    page.wait_for_selector("[data-testid=facts-words] li")
    return Sheet(page)


def test_a_prompt_is_read_as_it_is_typed_its_subject_marked_and_traced(page, speaking):
    sheet = opened(page, speaking)
    sheet.by("facts-prompt").fill("")
    sheet.by("facts-prompt").type(PROMPT)
    said = speaking.post("api/models/speaker/facts/next", {"prompt": PROMPT})
    tokens = sheet.by("facts-tokens").locator("button")
    expect(tokens).to_have_count(len(said["tokens"]))
    words = sheet.by("facts-words").locator("li small")
    expect(words).to_have_text([f"{100 * word['probability']:.1f} %" for word in said["words"]])
    expect(sheet.by("facts-trace")).to_have_attribute("aria-disabled", "true")

    first, last = MARK
    tokens.nth(first).click()
    tokens.nth(last).click()
    expect(page.locator("main .command-line code").first).to_have_text(
        re.compile(r"inscape fact trace \S+ --prompt 'two spaces and \{\}' --subject 'the river'")
    )
    assert f"mark={first}-{last}" in page.url
    sheet.by("facts-trace").click()
    cells = sheet.by("map-mlp").locator("i")
    expect(cells.first).to_be_visible()
    (job,) = (each for each in speaking.get("api/jobs")["jobs"] if each["kind"] == "trace")
    effect = speaking.get(f"api/jobs/{job['id']}")["result"]["effect"]["mlp"]
    blocks = len(effect[0])
    expect(cells).to_have_count(blocks * len(said["tokens"]))
    cells.nth(blocks * last + 1).hover()
    value = effect[last][1]
    expect(sheet.by("number-mlp")).to_have_text(
        re.compile(rf", layer 1: {re.escape('−' if value < 0 else '+')}{abs(value):.3f}$")
    )
    sheet.by("facts-prompt").hover()
    expect(sheet.by("number-mlp")).to_have_text(re.compile("^Most at "))


def test_a_link_restores_prompt_and_mark(page, speaking):
    sheet = opened(page, speaking, f"&prompt={PROMPT.replace(' ', '%20')}&mark=1-2")
    expect(sheet.by("facts-prompt")).to_have_value(PROMPT)
    tokens = sheet.by("facts-tokens").locator("button").all()
    pressed = [each.get_attribute("aria-pressed") == "true" for each in tokens]
    assert [number for number, each in enumerate(pressed) if each] == [1, 2]


def test_the_page_fits_a_phone(page, speaking):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, speaking)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_fact_is_changed_compared_judged_switched_off_and_there_after_a_restart(page, speaking):
    sheet = opened(page, speaking, f"&prompt={PROMPT.replace(' ', '%20')}&mark={MARK[0]}-{MARK[1]}")
    expect(sheet.by("facts-said")).to_contain_text("Write the new object")
    sheet.by("facts-target").fill(FACT.new)
    sheet.by("facts-paraphrases").fill(FACT.paraphrases[0])
    sheet.by("facts-neighbours").fill("\n".join(f"{each.prompt} | {each.true}" for each in FACT.neighbours))
    before = sheet.by("facts-words").inner_text()
    sheet.by("facts-execute").click()
    row = sheet.by("edit-row")
    expect(row.locator("[data-testid=edit-name]")).to_have_value(f"{PROMPT} {FACT.new}")
    expect(sheet.by("text-after")).to_have_attribute("aria-busy", "false")
    compared = page.locator("[data-testid=compared]")
    prompts = [PROMPT, *FACT.paraphrases, *(each.prompt for each in FACT.neighbours)]
    expect(compared.locator("th")).to_have_text([f"{prompt} …" for prompt in prompts])
    (info,) = speaking.get("api/models/speaker/facts")["edits"]
    edits = [{"rule": info["id"], "name": info["name"], "strength": 1, "hidden": False}]
    said = speaking.post("api/models/speaker/facts/next", {"prompt": PROMPT, "edits": edits})["words"]
    first = f"{said[0]['text'].strip() or '␣'} {round(100 * said[0]['probability'])}"
    expect(compared.first.locator("td").nth(1)).to_contain_text(first)
    expect(sheet.by("facts-words").locator("small").first).to_have_text(
        f"{100 * said[0]['probability']:.1f} %"
    )
    lines = page.locator("main .command-line code")
    expect(lines.nth(1)).to_contain_text(f"--target {FACT.new}")

    sheet.by("facts-judge").click()
    shares = sheet.by("judged").locator("tr b")
    expect(shares.first).to_be_visible()
    (job,) = (each for each in speaking.get("api/jobs")["jobs"] if each["kind"] == "fact-judge")
    rows = speaking.get(f"api/jobs/{job['id']}")["result"]["rows"]
    expected = [each[side]["mean"] for each in rows for side in ("before", "after")]
    expect(shares).to_have_text([f"{mean:.3f}" for mean in expected])
    assert "facts.json" in page.locator("main .command-line code").last.inner_text()

    with page.expect_download() as sent:
        sheet.by("edit-save").click()
    assert sent.value.suggested_filename.endswith(".edit.safetensors")
    row.locator("[data-testid=edit-switch]").click()
    expect(sheet.by("judged")).to_have_count(0)
    expect(sheet.by("facts-words")).to_have_text(re.compile(re.escape(before.split()[0])))
    expect(sheet.by("comparison")).to_contain_text("switch one on")
    page.wait_for_selector("[data-testid=facts-save][data-save=saved]")

    speaking.stop()
    speaking.start()
    sheet = opened(page, speaking)
    expect(sheet.by("facts-prompt")).to_have_value(PROMPT)
    expect(sheet.by("facts-target")).to_have_value(FACT.new)
    expect(sheet.by("edit-switch")).to_have_attribute("aria-checked", "false")
    sheet.by("edit-file").set_input_files(sent.value.path())
    expect(page.locator("[data-testid=edit-row]")).to_have_count(2)
    sheet.by("facts-undo").click()
    expect(page.locator("[data-testid=edit-row]")).to_have_count(1)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
