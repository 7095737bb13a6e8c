import { describe, expect, test } from "vitest";
import { formatRoute, numberIn, oneOf, parseRoute } from "../src/engine/route";
import { neighbour, page, pageOf, parseSeed, shuffle } from "../src/engine/seeds";
import { fromLink, toLink, unpackStroke } from "../src/engine/share";
import { stroke } from "./strokes";

const PAGES = ["paint", "units"];

describe("the address", () => {
  test("comes back as it was written", () => {
    const route = { page: "units", query: { model: "town", layer: "layer16a", q: "roof & tree #3" } };
    expect(parseRoute(formatRoute(route), PAGES)).toEqual(route);
  });

  test("leaves out what is empty", () => {
    expect(formatRoute({ page: "paint", query: { seed: "7", brush: "" } })).toBe("#/paint?seed=7");
  });

  test("that is unknown or empty is the start page", () => {
    for (const hash of ["", "#", "#/nowhere?x=1", "#%%%"]) expect(parseRoute(hash, PAGES).page).toBe("paint");
  });

  test("holds numbers within limits and choices that exist", () => {
    expect([
      numberIn("9", 1, 0, 5),
      numberIn("x", 1, 0, 5),
      numberIn("", 1, 0, 5),
      numberIn(undefined, 2, 0, 5),
    ]).toEqual([5, 1, 1, 2]);
    expect(oneOf("remove", ["draw", "remove"], "draw")).toBe("remove");
    expect(oneOf("<script>", ["draw", "remove"], "draw")).toBe("draw");
  });
});

describe("a link", () => {
  test("holds the strokes themselves", async () => {
    const strokes = [stroke("a"), stroke("b", { mode: "remove", strength: 0.4 })];
    const back = await fromLink(await toLink(strokes));
    expect(back?.map(({ id, ...rest }) => rest)).toEqual(strokes.map(({ id, ...rest }) => rest));
  });

  test("is safe in an address and stays short", async () => {
    const link = await toLink(Array.from({ length: 20 }, (_, index) => stroke(`s${index}`)));
    expect(link).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(link.length).toBeLessThan(700);
  });

  test("that is damaged is refused as a whole", async () => {
    const link = await toLink([stroke("a")]);
    expect(await fromLink(link.slice(0, -6))).toBeNull();
    expect(await fromLink("not base64 !")).toBeNull();
  });

  test("without strokes is empty", async () => {
    expect(await toLink([])).toBe("");
  });

  test("cannot bring strokes of the wrong kind", () => {
    const good = {
      layer: "l",
      concept: null,
      units: [1],
      mode: "draw",
      strength: 1,
      size: 1,
      cells: "AA==",
      top: 1,
    };
    expect(unpackStroke(good)).not.toBeNull();
    const bad = [
      null,
      [],
      { ...good, mode: "x" },
      { ...good, units: [-1] },
      { ...good, strength: Number.NaN },
      { ...good, size: 2 },
      { ...good, cells: "?" },
      { ...good, layer: 3 },
      { ...good, top: 0 },
    ];
    for (const value of bad) expect(unpackStroke(value)).toBeNull();
  });
});

describe("seeds", () => {
  test("are whole numbers that the generators take", () => {
    expect([
      parseSeed(" 42 "),
      parseSeed("4294967295"),
      parseSeed("4294967296"),
      parseSeed("-1"),
      parseSeed("1.5"),
      parseSeed(""),
    ]).toEqual([42, 4294967295, null, null, null, null]);
  });

  test("wrap at both ends", () => {
    expect([neighbour(0, -1), neighbour(4294967295, 1), neighbour(7, 1)]).toEqual([4294967295, 0, 8]);
    expect(page(4294967294, 3)).toEqual([4294967294, 4294967295, 0]);
  });

  test("are shown in pages that hold them", () => {
    expect(page(pageOf(29, 12), 12)).toContain(29);
  });

  test("shuffling never shows the same page again", () => {
    expect(shuffle(() => 0, 12, 0)).not.toBe(0);
    expect(shuffle(() => 0.5, 12, 0) % 12).toBe(0);
  });
});
