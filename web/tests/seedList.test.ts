import { describe, expect, it } from "vitest";
import { formatRanges } from "../src/engine/ranges";
import { MOST_PICTURES, parseSeeds } from "../src/engine/seedList";

describe("pictures of a wall", () => {
  it("are read as people type them, in their order and without repeats", () => {
    expect(parseSeeds("0-3, 57").seeds).toEqual([0, 1, 2, 3, 57]);
    expect(parseSeeds("9;2–4 3").seeds).toEqual([9, 2, 3, 4]);
  });

  it.each([
    ["", "Name some"],
    ["a", "not a seed or a range"],
    ["-3", "not a seed or a range"],
    ["7-3", "Write 3-7"],
    ["0-256", `at most ${MOST_PICTURES}`],
    ["0-200, 300-400", `at most ${MOST_PICTURES}`],
    ["4294967296", "largest seed"],
  ])("%j is refused with a sentence", (text, said) => {
    const { seeds, problem } = parseSeeds(text);
    expect(seeds).toEqual([]);
    expect(problem).toContain(said);
  });

  it("are written the short way and read again as they were", () => {
    const seeds = [31, 4, 5, 6, 7, 2, 9];
    expect(formatRanges(seeds)).toBe("31, 4-7, 2, 9");
    expect(parseSeeds(formatRanges(seeds)).seeds).toEqual(seeds);
  });
});
