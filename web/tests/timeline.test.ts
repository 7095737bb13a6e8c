import { describe, expect, it } from "vitest";
import { Timeline } from "../src/engine/timeline";

describe("a timeline", () => {
  it("undoes and redoes without limit", () => {
    const timeline = new Timeline([0], 0);
    for (let step = 1; step <= 500; step++) timeline.push(step);
    for (let step = 499; step >= 0; step--) {
      expect(timeline.undo()).toBe(true);
      expect(timeline.now).toBe(step);
    }
    expect([timeline.undo(), timeline.canUndo]).toEqual([false, false]);
    while (timeline.redo());
    expect(timeline.now).toBe(500);
  });

  it("drops what was undone when something new is done", () => {
    const timeline = new Timeline(["a"], 0);
    timeline.push("b");
    timeline.undo();
    timeline.push("c");
    expect([timeline.steps, timeline.canRedo]).toEqual([["a", "c"], false]);
  });

  it("takes quick changes of one thing as one step, and nothing else", () => {
    const timeline = new Timeline(["start"], 0);
    timeline.push("1", "rank", 0);
    timeline.push("2", "rank", 500);
    timeline.push("3", "rank", 1000);
    expect(timeline.steps).toEqual(["start", "3"]);
    timeline.push("4", "rank", 9000);
    timeline.push("5", "scale", 9001);
    timeline.undo();
    timeline.push("6", "scale", 9002);
    expect(timeline.steps).toEqual(["start", "3", "4", "6"]);
  });

  it("says what has to be sent to a store that has some of it", () => {
    const [a, b, c, d] = [{}, {}, {}, {}];
    const timeline = new Timeline([a], 0);
    expect(timeline.since([a], 0)).toBeNull();
    timeline.push(b);
    timeline.push(c);
    expect(timeline.since([a], 0)).toEqual({ keep: 1, append: [b, c], cursor: 2 });
    const kept = timeline.steps;
    timeline.undo();
    expect(timeline.since(kept, 2)).toEqual({ keep: 3, append: [], cursor: 1 });
    timeline.push(d);
    expect(timeline.since(kept, 1)).toEqual({ keep: 2, append: [d], cursor: 2 });
  });
});
