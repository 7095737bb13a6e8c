"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const [find, sort, counting, mask, clear, found, list, box] =
    ["find", "sort", "counting", "mask", "clear", "found", "list", "box"].map(byId);
  const chart = document.querySelector(".chart");
  const bars = [...chart.querySelectorAll(".bar")];
  const state = { concept: null, open: null };
  const percent = (value) => value.toFixed(3);
  const named = (unit) => unit.concept_best ?? "no concept";

  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function card(unit) {
    const item = make("li", "unit" + (unit.counts ? "" : " below"));
    const button = make("button");
    button.type = "button";
    const line = make("div", "line");
    const dot = make("span", "dot");
    if (unit.counts) dot.style.setProperty("--colour", `var(--plane-${unit.colour})`);
    line.append(dot, make("span", "name", named(unit)), make("span", "number", `unit ${unit.unit}`),
      make("span", "score", `IoU ${percent(unit.iou_best)}`));
    const strip = make("div", "strip");
    strip.style.aspectRatio = String(data.count);
    const image = make("img");
    image.loading = "lazy";
    image.decoding = "async";
    image.width = data.count * data.size;
    image.height = 2 * data.size;
    image.alt = `The ${data.count} pictures in which unit ${unit.unit} is most active`;
    image.src = unit.file;
    strip.append(image);
    button.append(line, strip);
    button.addEventListener("click", () => show(unit.unit));
    item.append(button);
    return item;
  }

  const cards = new Map(data.units.map((unit) => [unit.unit, card(unit)]));
  const byNumber = new Map(data.units.map((unit) => [unit.unit, unit]));
  let shown = [];

  function matches(unit, words) {
    if (state.concept !== null && !(unit.counts && unit.concept_best === state.concept)) return false;
    if (counting.checked && !unit.counts) return false;
    return words.every((word) => /^\d+$/.test(word)
      ? String(unit.unit) === word
      : [unit.concept_best, unit.concept].some((name) => (name ?? "").toLowerCase().includes(word)));
  }

  const above = (unit) => unit.iou_best - unit.chance;
  const orders = {
    above: (a, b) => b.counts - a.counts || above(b) - above(a) || a.unit - b.unit,
    unit: (a, b) => a.unit - b.unit,
    iou: (a, b) => b.counts - a.counts || b.iou - a.iou || a.unit - b.unit,
    iou_best: (a, b) => b.counts - a.counts || b.iou_best - a.iou_best || a.unit - b.unit,
    concept: (a, b) => named(a).localeCompare(named(b)) || b.iou_best - a.iou_best,
  };

  function refresh() {
    const words = find.value.trim().toLowerCase().split(/[\s,]+/).filter(Boolean);
    shown = data.units.filter((unit) => matches(unit, words)).sort(orders[sort.value]);
    list.replaceChildren(...shown.map((unit) => cards.get(unit.unit)));
    found.textContent = shown.length === data.units.length ? `${shown.length} units`
      : shown.length ? `${shown.length} of ${data.units.length} units` : "No unit matches. Use fewer words, or clear the filter.";
    document.body.classList.toggle("plain", !mask.checked);
    chart.classList.toggle("filtered", state.concept !== null);
    for (const bar of bars) bar.setAttribute("aria-pressed", String(bar.dataset.concept === state.concept));
    clear.hidden = state.concept === null;
    clear.textContent = `Only ${state.concept} ✕`;
    remember();
  }

  function remember() {
    const query = new URLSearchParams();
    if (find.value) query.set("find", find.value);
    if (sort.value !== "above") query.set("sort", sort.value);
    if (counting.checked) query.set("counting", "1");
    if (!mask.checked) query.set("mask", "0");
    if (state.concept !== null) query.set("concept", state.concept);
    if (state.open !== null) query.set("unit", String(state.open));
    try { history.replaceState(null, "", "#" + query); } catch { /* some browsers refuse it for files */ }
  }

  function restore() {
    const query = new URLSearchParams(location.hash.slice(1));
    find.value = query.get("find") ?? "";
    if (query.get("sort") in orders) sort.value = query.get("sort");
    counting.checked = query.get("counting") === "1";
    mask.checked = query.get("mask") !== "0";
    state.concept = bars.some((bar) => bar.dataset.concept === query.get("concept")) ? query.get("concept") : null;
    const unit = Number(query.get("unit"));
    refresh();
    if (query.has("unit") && byNumber.has(unit)) show(unit);
  }

  function filter(concept) {
    state.concept = state.concept === concept ? null : concept;
    refresh();
  }

  function pictures(unit) {
    return unit.seeds.map((seed, place) => {
      const figure = make("figure");
      const picture = make("div");
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", `Picture of seed ${seed}`);
      picture.style.backgroundImage = `url("${unit.file}")`;
      // one percent is cut off on every side, so that nothing of the neighbours shows
      picture.style.backgroundSize = `${(100 * data.count) / 0.98}% ${200 / 0.98}%`;
      const along = (place, count) => `${(100 * (place + 0.01)) / (count - 0.98)}%`;
      picture.style.backgroundPosition = `${along(place, data.count)} ${along(mask.checked ? 0 : 1, 2)}`;
      figure.append(picture, make("figcaption", "", `seed ${seed} · peak ${unit.peaks[place].toPrecision(3)}`));
      return figure;
    });
  }

  function show(number) {
    const unit = byNumber.get(number);
    state.open = number;
    byId("box-title").textContent = `Unit ${number}: ${named(unit)}`;
    byId("box-pictures").replaceChildren(...pictures(unit));
    const rows = [
      ["IoU, best threshold", `${percent(unit.iou_best)} with ${named(unit)}, above ${unit.threshold_best.toPrecision(4)}`],
      [`IoU, top ${data.top} %`, `${percent(unit.iou)} with ${unit.concept ?? "no concept"}, above ${unit.threshold.toPrecision(4)}`],
      ["Chance level", `${percent(unit.chance)}${unit.counts ? "" : " or ${data.miniou} not exceeded: the match is not reliable"}`],
    ];
    byId("box-numbers").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
    byId("box-ranking").replaceChildren(...unit.best.map(([name, iou]) => make("li", "", `${name} ${percent(iou)}`)));
    if (!box.open) box.showModal();
    remember();
  }

  function step(by) {
    const place = shown.findIndex((unit) => unit.unit === state.open);
    if (shown.length) show(shown[(Math.max(place, 0) + (place < 0 ? 0 : by) + shown.length) % shown.length].unit);
  }

  function toggleMask() {
    mask.checked = !mask.checked;
    refresh();
    if (box.open) show(state.open);
  }

  for (const control of [find, sort, counting, mask]) control.addEventListener("input", refresh);
  clear.addEventListener("click", () => filter(state.concept));
  for (const bar of bars) {
    bar.addEventListener("click", () => filter(bar.dataset.concept));
    bar.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); filter(bar.dataset.concept); }
    });
  }
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.addEventListener("close", () => {
    const last = cards.get(state.open);
    state.open = null;
    remember();
    last?.querySelector("button").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=search], select")) return;
    if (event.key === "m") toggleMask();
    else if (event.key === "/" && !box.open) { event.preventDefault(); find.focus(); }
    else if (box.open && event.key === "ArrowLeft") step(-1);
    else if (box.open && event.key === "ArrowRight") step(1);
  });
  restore();
})();
