import { describe, expect, it } from "vitest";
import type { AskedFact } from "../src/api/facts";
import { EMPTY, factOf, isShipped, neighboursOf, noteOf, parseNote, shownOf } from "../src/pages/facts/draft";

const shipped: AskedFact = {
  prompt: "{} is in",
  subject: "The Louvre",
  true: "Paris",
  new: "Rome",
  paraphrases: ["Where the Louvre is:"],
  neighbours: [{ prompt: "The Prado is in", true: "Madrid" }],
};
const asked = { prompt: "{} is in", subject: "The Louvre" };

describe("a draft", () => {
  it("shows what ships until something is typed, and what is typed then", () => {
    expect(shownOf(EMPTY, shipped)).toEqual({
      target: "Rome",
      paraphrases: "Where the Louvre is:",
      neighbours: "The Prado is in | Madrid",
    });
    expect(factOf(asked, EMPTY, shipped)).toEqual(shipped);
    const typed = { ...EMPTY, target: " Oslo ", paraphrases: "", neighbours: "A | B\n\nC\n | D" };
    expect(factOf(asked, typed, shipped)).toEqual({
      ...asked,
      true: "Paris",
      new: "Oslo",
      paraphrases: [],
      neighbours: [
        { prompt: "A", true: "B" },
        { prompt: "C", true: "" },
      ],
    });
    expect([isShipped(EMPTY, shipped), isShipped(typed, shipped), isShipped(EMPTY, null)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("asks the model for the objects that nobody names", () => {
    expect(factOf(asked, { ...EMPTY, target: "Oslo" }, null).true).toBe("");
    expect(neighboursOf("The Prado is in")).toEqual([{ prompt: "The Prado is in", true: "" }]);
  });

  it("is read as it was noted, and what is no note is none", () => {
    const draft = { ...EMPTY, target: "Oslo", method: "memit" as const, layers: "4-6" };
    expect(parseNote(noteOf("A prompt", "1-2", draft))).toEqual({ prompt: "A prompt", mark: "1-2", draft });
    expect(parseNote("")).toBeNull();
    expect(parseNote('{"method":"nonsense"}')?.draft).toEqual(EMPTY);
  });
});
