import { describe, expect, it } from "vitest";
import { difference, Steps } from "../src/engine/steps";

/** Steps of which the first is how things were: it cannot be undone. */
const from = <Step>(first: Step) => new Steps<Step>([first], 1, 1);

describe("steps", () => {
  it("are undone and done again without limit", () => {
    const steps = from(0);
    for (let step = 1; step <= 500; step++) steps.push([step]);
    for (let step = 499; step >= 0; step--) {
      expect(steps.undo()).toBe(true);
      expect(steps.now).toBe(step);
    }
    expect([steps.undo(), steps.canUndo]).toEqual([false, false]);
    while (steps.redo());
    expect(steps.now).toBe(500);
  });

  it("that were undone are dropped when something new is done", () => {
    const steps = from("a");
    steps.push(["b"]);
    steps.undo();
    steps.push(["c"]);
    expect([steps.steps, steps.canRedo]).toEqual([["a", "c"], false]);
  });

  it("that change one thing quickly are one, and nothing else is", () => {
    const steps = from("start");
    steps.push(["1"], "rank", 0);
    steps.push(["2"], "rank", 500);
    steps.push(["3"], "rank", 1000);
    expect(steps.steps).toEqual(["start", "3"]);
    steps.push(["4"], "rank", 9000);
    steps.push(["5"], "scale", 9001);
    steps.undo();
    steps.push(["6"], "scale", 9002);
    expect(steps.steps).toEqual(["start", "3", "4", "6"]);
  });

  it("with a cursor outside are taken to their ends", () => {
    expect(new Steps(["a", "b"], 99).cursor).toBe(2);
    expect(new Steps(["a", "b"], 0, 1).cursor).toBe(1);
    expect([new Steps([]).now, new Steps([]).canUndo]).toEqual([undefined, false]);
  });
});

it("the difference of two lists keeps what is the same and appends the rest", () => {
  const [a, b, c] = [{ n: 1 }, { n: 2 }, { n: 3 }];
  expect(difference([a, b], [a, b, c])).toEqual({ keep: 2, append: [c] });
  expect(difference([a, b], [a])).toEqual({ keep: 1, append: [] });
  expect(difference([a, b], [a, c])).toEqual({ keep: 1, append: [c] });
  expect(difference([a], [a])).toEqual({ keep: 1, append: [] });
});
