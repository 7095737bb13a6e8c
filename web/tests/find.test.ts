import { describe, expect, test } from "vitest";
import { find } from "../src/engine/find";

const items = [
  { label: "Smaller brush", group: "Paint" },
  { label: "Save as PNG", group: "History" },
  { label: "Undo", group: "History" },
  { label: "Units", group: "Go" },
  { label: "Hide the mask", group: "Look" },
];
const found = (typed: string) => find(items, typed).map((item) => item.label);

describe("what is typed", () => {
  test("is nothing: everything is there, in its own order", () => {
    expect(found("")).toEqual(items.map((item) => item.label));
    expect(found("  ")).toHaveLength(items.length);
  });

  test("finds the beginning of a name before its middle", () => {
    expect(found("un")).toEqual(["Undo", "Units"]);
    expect(found("a")[0]).toBe("Save as PNG");
  });

  test("finds the beginnings of words, capital or not", () => {
    expect(found("PNG")).toEqual(["Save as PNG"]);
    expect(found("sap")).toEqual(["Save as PNG"]);
  });

  test("has to fit with every word", () => {
    expect(found("brush small")).toEqual(["Smaller brush"]);
    expect(found("brush png")).toEqual([]);
  });

  test("finds what stands under a heading, after what is called so", () => {
    expect(found("history")).toEqual(["Save as PNG", "Undo"]);
    expect(found("h")[0]).toBe("Hide the mask");
  });

  test("finds nothing where nothing fits", () => {
    expect(found("zebra")).toEqual([]);
  });
});
