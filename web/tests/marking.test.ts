import { describe, expect, it } from "vitest";
import { formatMark, marked, markOf, parseMark, peakOf, subjectOf } from "../src/pages/facts/marking";

const TOKENS = ["The", " E", "iffel", " Tower", " is", " in"];

describe("marking a subject", () => {
  it("reads a mark from the address, and none that lies outside the tokens", () => {
    expect(parseMark("1-3", 6)).toEqual([1, 3]);
    expect(parseMark(formatMark([0, 0]), 6)).toEqual([0, 0]);
    for (const wrong of [undefined, "", "3-1", "1-6", "a-b", "1"]) expect(parseMark(wrong, 6)).toBeNull();
    expect(formatMark(null)).toBe("");
  });

  it("extends to what is chosen outside, and begins anew inside", () => {
    expect(marked(null, 2)).toEqual([2, 2]);
    expect(marked([2, 2], 3)).toEqual([2, 3]);
    expect(marked([2, 3], 0)).toEqual([0, 3]);
    expect(marked([0, 3], 1)).toEqual([1, 1]);
  });

  it("finds the tokens that hold a part of the text", () => {
    expect(markOf(TOKENS, "The Eiffel Tower")).toEqual([0, 3]);
    expect(markOf(TOKENS, "Eiffel")).toEqual([1, 2]);
    expect(markOf(TOKENS, "Rome")).toBeNull();
    expect(markOf(TOKENS, "")).toBeNull();
    expect(markOf([], "The")).toBeNull();
  });

  it("puts {} in the subject's place and keeps the spaces", () => {
    expect(subjectOf(TOKENS, [1, 3])).toEqual({ prompt: "The {} is in", subject: "Eiffel Tower" });
    expect(subjectOf(TOKENS, [0, 3])).toEqual({ prompt: "{} is in", subject: "The Eiffel Tower" });
    const twice = ["Rome", " and", " Rome", " are"];
    expect(subjectOf(twice, [2, 2])).toEqual({ prompt: "Rome and {} are", subject: "Rome" });
  });

  it("finds the largest value of a map", () => {
    expect(
      peakOf([
        [-1, -0.5],
        [0.25, 0.125],
      ]),
    ).toEqual({ token: 1, layer: 0, value: 0.25 });
  });
});
