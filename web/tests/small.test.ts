import { describe, expect, test } from "vitest";
import type { JobResult } from "../src/api/client";
import { RecentCache } from "../src/engine/cache";
import { bars, compareBars, select, type UnitRow } from "../src/engine/catalogue";
import { classCount, classIn, className, ownClass } from "../src/engine/classes";
import { conceptIcon } from "../src/engine/conceptIcons";
import { centre, cursorPoint, moveCursor, spoken } from "../src/engine/cursor";
import { heat, heatMap } from "../src/engine/difference";
import { factsOf, trainingOf } from "../src/engine/facts";
import { layerFacts } from "../src/engine/layers";
import { compact, formatUnits, parseUnits, percent, sizeOf, timeLeft } from "../src/engine/numbers";
import { quantileCurve } from "../src/engine/quantiles";
import { appearing, changeRange, curveOf, resultOf, stripOf } from "../src/engine/results";
import { Store } from "../src/engine/store";
import { brushName, freshId } from "../src/engine/stroke";
import { conceptColour, learnColours } from "../src/kit/colours";

const row = (unit: number, concept: string, best: number, passes = true): UnitRow => ({
  ...{ unit, concept, concept_best: concept, plane: "object", passes },
  ...{ iou: best / 2, iou_best: best, chance: 0.02, threshold: 1, threshold_best: 1, strip: "" },
});

describe("unit numbers", () => {
  test("are read as people write them", () => {
    expect(parseUnits("3, 5 8-10;5", 16).units).toEqual([3, 5, 8, 9, 10]);
    expect(parseUnits("", 16)).toEqual({ units: [], problem: "" });
  });

  test("that cannot be read are named", () => {
    expect(parseUnits("3, x", 16).problem).toContain("“x”");
    expect(parseUnits("3, 16", 16).problem).toContain("0 to 15");
    expect(parseUnits("9-3", 16).units).toEqual([]);
  });

  test("are written the short way and read back", () => {
    expect(formatUnits([5, 3, 4, 9, 8])).toBe("3-5, 8, 9");
    expect(parseUnits(formatUnits([1, 2, 3, 7]), 16).units).toEqual([1, 2, 3, 7]);
  });
});

test("time left is told in words that do not flicker", () => {
  expect([
    timeLeft(null),
    timeLeft(1),
    timeLeft(7.2),
    timeLeft(33),
    timeLeft(70),
    timeLeft(600),
    timeLeft(7200),
  ]).toEqual([
    "",
    "about a second left",
    "about 8 seconds left",
    "about 35 seconds left",
    "about a minute left",
    "about 10 minutes left",
    "about 2 hours left",
  ]);
});

test("large numbers and shares are short", () => {
  expect([compact(12345678), compact(23456), compact(999), percent(0.256), percent(0.0123, 1)]).toEqual([
    "12.3 M",
    "23.5 k",
    "999",
    "26\u00a0%",
    "1.2\u00a0%",
  ]);
});

describe("the catalogue", () => {
  const rows = [row(4, "tree", 0.3), row(1, "door", 0.2), row(7, "tree", 0.5), row(2, "sky", 0.6, false)];
  const filter = { text: "", concept: "", sort: "best", meaningful: false } as const;
  const units = (change: object) => select(rows, { ...filter, ...change }).map((one) => one.unit);

  test("is sorted as asked, and the rows given stay as they are", () => {
    expect(units({})).toEqual([2, 7, 4, 1]);
    expect(units({ sort: "unit" })).toEqual([1, 2, 4, 7]);
    expect(units({ sort: "concept" })).toEqual([1, 2, 7, 4]);
    expect(rows[0]?.unit).toBe(4);
  });

  test("can put those first that are furthest above their chance", () => {
    const some = [0.58, 0.02, 0.1].map((chance, unit) => ({
      ...row(unit, "sky", [0.6, 0.2, 0.2][unit] ?? 0),
      chance,
    }));
    expect(select(some, { ...filter, sort: "above" }).map((one) => one.unit)).toEqual([1, 2, 0]);
  });

  test("is searched by concept and by number", () => {
    expect(units({ text: "TRE" })).toEqual([7, 4]);
    expect(units({ text: "unit 4" })).toEqual([4]);
    expect(units({ text: "4, 1" })).toEqual([4, 1]);
    expect(units({ text: "tree 7" })).toEqual([7]);
  });

  test("is filtered by concept and by meaning", () => {
    expect(units({ concept: "tree" })).toEqual([7, 4]);
    expect(units({ meaningful: true })).toEqual([7, 4, 1]);
  });

  test("is counted by concept, without those that mean nothing", () => {
    expect(bars(rows).map((bar) => [bar.concept, bar.count])).toEqual([
      ["tree", 2],
      ["door", 1],
    ]);
  });

  test("compares two layers concept by concept", () => {
    const other = bars([row(0, "door", 0.4), row(3, "dome", 0.4)]);
    expect(compareBars(bars(rows), other)).toEqual([
      { concept: "door", a: 1, b: 1 },
      { concept: "tree", a: 2, b: 0 },
      { concept: "dome", a: 0, b: 1 },
    ]);
  });
});

describe("the keyboard's cursor", () => {
  test("moves by a cell, faster with Shift, and stays inside", () => {
    expect(moveCursor({ column: 0, row: 0 }, "ArrowRight", false, 16)).toEqual({ column: 1, row: 0 });
    expect(moveCursor({ column: 14, row: 0 }, "ArrowRight", true, 16)).toEqual({ column: 15, row: 0 });
    expect(moveCursor({ column: 0, row: 0 }, "ArrowUp", true, 16)).toEqual({ column: 0, row: 0 });
    expect(moveCursor({ column: 3, row: 3 }, "Home", false, 16)).toEqual(centre(16));
    expect(moveCursor({ column: 3, row: 3 }, "a", false, 16)).toBeNull();
  });

  test("points at the middle of its cell and can be heard", () => {
    expect(cursorPoint({ column: 0, row: 15 }, 16)).toEqual({ x: 1 / 32, y: 31 / 32 });
    expect(spoken({ column: 0, row: 1 }, 16)).toBe("column 1, row 2 of 16");
  });
});

describe("the difference of two pictures", () => {
  const grey = (level: number) => Uint8ClampedArray.of(level, level, level, 255);

  test("is dark where nothing changed and bright where much did", () => {
    expect([...heatMap(grey(90), grey(90))].slice(0, 3)).toEqual(heat(0));
    expect([...heatMap(grey(0), grey(255))].slice(0, 3)).toEqual(heat(1));
  });

  test("gets brighter with every step", () => {
    const light = (amount: number) => heat(amount).reduce((sum, part) => sum + part, 0);
    for (let i = 1; i <= 20; i++) expect(light(i / 20)).toBeGreaterThan(light((i - 1) / 20));
  });
});

describe("what an effect says", () => {
  type Found = Extract<JobResult, { kind: "effect" }>;
  const found: Found = {
    ...{ kind: "effect", schema_version: 1, model: "town", layer: "layer16a", units: [4, 7] },
    ...{ concept: "tree", images: 200, seed: 0, area_before: 0.1, area_after: 0.02, relative_change: -0.8 },
    interval: null,
    control: { sets: 20, relative_change: 0.01, interval: [-0.05, 0.06], each: [] },
    curve: [
      [0, 0],
      [1, -0.3],
      [2, null],
    ],
    ...{
      appears: { sky: 0.2, grass: 0.7 },
      borders: { grass: 0.7 },
      elsewhere: {},
      concepts: {},
      insertion: null,
    },
    ...{ strip_seeds: [], classes: [], strip_image: "http://x/y" },
  };

  test("is drawn as far as there was something to change", () => {
    expect(changeRange(found)).toEqual([-1, 0.25]);
    expect(curveOf(found)).toEqual([
      [0, 0],
      [1, -0.3],
    ]);
  });

  test("shows what took the place, largest first, and only pictures that it holds itself", () => {
    expect(appearing(found)).toEqual([
      ["grass", 0.7],
      ["sky", 0.2],
    ]);
    expect(stripOf(found)).toBeNull();
    const image = "data:image/webp;base64,AAAA";
    expect(stripOf({ ...found, strip_image: image })).toBe(image);
  });

  test("of another kind is refused", () => {
    expect(resultOf("effect", found)).toBe(found);
    expect(resultOf("effect", null)).toBeNull();
    expect(resultOf("effect", { kind: "keys", layer: "layer4", inputs: 8 })).toBeNull();
  });
});

test("a card becomes rows that a person can read", () => {
  const card = {
    architecture: "stylegan2",
    image_size: 64,
    parameters: 1810000,
    latent: { z_dim: 128, w_dim: 128, num_ws: 10 },
    concepts: ["sky", "tree"],
    classes: [],
    segmenter: null,
    world: "town",
    world_hash: "0123456789abcdef",
    source: "",
    licence: "MIT",
  };
  const facts = Object.fromEntries(factsOf(card));
  expect(facts).toMatchObject({
    Latent: "z of 128 numbers, w of 128, at 10 places",
    Concepts: "2: sky, tree",
  });
  expect(facts.World).toBe("town (0123456789ab)");
  expect(Object.keys(facts)).not.toContain("Classes");
  const latent = { z_dim: 8, c_dim: 3 };
  expect(Object.fromEntries(factsOf({ ...card, latent })).Classes).toBe("3");
  expect(Object.fromEntries(factsOf({ ...card, latent, classes: ["cat", "dog", "owl"] })).Classes).toBe(
    "3: cat, dog, owl",
  );
  expect(Object.keys(facts)).not.toContain("Source");
  expect(trainingOf({ images: 97968, seconds: 1381, half_levels: 1, r1_weight: 0.4 })).toEqual([
    ["Pictures seen", "97,968"],
    ["Time", "23 minutes"],
    ["Half levels", "1"],
    ["R1 weight", "0.4"],
  ]);
});

test("a distribution becomes a rising curve", () => {
  const curve = quantileCurve(
    [
      [0, -1],
      [0.5, 0],
      [1, 3],
    ],
    100,
    50,
  );
  expect(curve?.path).toBe("M0.0 50.0 L25.0 25.0 L100.0 0.0");
  expect(curve?.place(99)).toBe(100);
  expect(
    quantileCurve(
      [
        [0, 1],
        [1, 1],
      ],
      100,
      50,
    ),
  ).toBeNull();
});

test("concepts have the colours that the studio names", () => {
  learnColours({ tree: "#00795c", door: "#8a4b18" });
  learnColours({ tree: "#00795d" });
  expect([conceptColour("tree"), conceptColour("door")]).toEqual(["#00795d", "#8a4b18"]);
  expect(conceptColour("zebra")).toBe(conceptColour(null));
  expect(conceptIcon("door")).not.toBeNull();
  expect(conceptIcon(null)).toBeNull();
});

test("brushes are named after their concept or their units", () => {
  const brush = { layer: "l", concept: null, top: 1 };
  expect(brushName({ ...brush, concept: "door", units: [] })).toBe("door");
  expect(brushName({ ...brush, units: [4] })).toBe("unit 4");
  expect(brushName({ ...brush, units: [4, 5] })).toBe("2 units");
});

test("names of strokes differ and are such as the studio takes", () => {
  const names = Array.from({ length: 1000 }, freshId);
  expect(new Set(names).size).toBe(1000);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
});

test("the cache forgets what was used longest ago, and releases it", () => {
  const released: number[] = [];
  const cache = new RecentCache<number>(2, (value) => released.push(value));
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.size]).toEqual([1, undefined, 3, 2]);
  expect(released).toEqual([2]);
});

test("the cache has a limit in what values cost, and always keeps the last", () => {
  const cache = new RecentCache<number>(10, undefined, (value) => value);
  cache.set("a", 4);
  cache.set("b", 5);
  cache.set("b", 6);
  expect([cache.get("a"), cache.get("b")]).toEqual([4, 6]);
  cache.set("c", 5);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([undefined, undefined, 5]);
  cache.set("d", 50);
  expect([cache.get("c"), cache.get("d"), cache.size]).toEqual([undefined, 50, 1]);
});

test("a store tells of changes, and only of changes", () => {
  const store = new Store({ a: 1, b: 2 });
  let told = 0;
  const stop = store.subscribe(() => {
    told += 1;
  });
  store.set({ a: 1 });
  store.set({ a: 3 });
  stop();
  store.set({ b: 9 });
  expect([told, store.get()]).toEqual([1, { a: 3, b: 9 }]);
});

describe("sizes of files", () => {
  test("are written with two digits, in the unit that fits", () => {
    expect([0, 999, 1500, 999_600, 31_400_000, 4_294_967_296].map(sizeOf)).toEqual([
      "0 bytes",
      "999 bytes",
      "1.5 kB",
      "1.0 MB",
      "31 MB",
      "4.3 GB",
    ]);
  });
});

describe("classes", () => {
  const model = { latent: { z_dim: 8, c_dim: 3 }, classes: ["cat", "dog"] };
  const plain = { latent: { z_dim: 8 }, classes: [] };

  test("seeds take them in turn, two each", () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((seed) => ownClass(model, seed))).toEqual([0, 0, 1, 1, 2, 2, 0]);
    expect(ownClass(model, 4294967295)).toBe(2147483647 % 3);
    expect(ownClass(plain, 7)).toBeNull();
    expect(classCount(null)).toBe(0);
  });

  test("an address asks for one that is there", () => {
    expect(classIn("2", model, 0)).toBe(2);
    for (const wrong of ["3", "-1", "x", "1.5", "", undefined]) expect(classIn(wrong, model, 2)).toBe(1);
    expect(classIn("1", plain, 2)).toBeNull();
  });

  test("they go by their names where they have some", () => {
    expect(className(model, 1)).toBe("dog");
    expect(className(model, 2)).toBe("2");
  });
});

test("layers of a language model that differ in their block alone are one row", () => {
  const block = (number: number) => [
    { name: `blocks.${number}.mlp.up`, units: 16 },
    { name: `blocks.${number}`, units: 8 },
  ];
  const layers = [{ name: "embedding", units: 8 }, ...block(0), ...block(1), ...block(2)];
  expect(layerFacts(layers)).toEqual([
    ["embedding", "8 units"],
    ["blocks.{0-2}.mlp.up", "16 units"],
    ["blocks.{0-2}", "8 units"],
  ]);
  expect(layerFacts(block(4))).toEqual([
    ["blocks.4.mlp.up", "16 units"],
    ["blocks.4", "8 units"],
  ]);
});
