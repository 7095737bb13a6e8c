import { describe, expect, it } from "vitest";
import { MaskReader, requestOf, stateFromWire, stateToWire } from "../src/api/ruleWire";
import { centred } from "../src/engine/clip";
import * as stacks from "../src/engine/editStack";
import { emptyMask, type Mask, stamp } from "../src/engine/mask";
import { bestOfLayers, resultOf } from "../src/engine/results";
import * as rules from "../src/engine/rule";

function disc(x: number, y: number, diameter = 4): Mask {
  const mask = emptyMask(16);
  stamp(mask, { x, y }, diameter);
  return mask;
}

const paste = (into: number): rules.Paste => ({
  ...centred(disc(0.3, 0.3), 1, { x: 0.5, y: 0.25 }),
  from: 4,
  into,
});
const start = rules.emptyState("layer16b");

describe("a context", () => {
  it("has each picture once, and none whose mask is empty", () => {
    let state = rules.withPlace(start, "context", 3, disc(0.2, 0.2));
    state = rules.withPlace(state, "context", 5, disc(0.5, 0.5));
    state = rules.withPlace(state, "context", 3, disc(0.8, 0.8));
    expect(state.context.map((one) => one.seed)).toEqual([3, 5]);
    expect(rules.withPlace(state, "context", 3, emptyMask(16)).context.map((one) => one.seed)).toEqual([5]);
  });

  it("grows with a stroke and shrinks with an erasing one", () => {
    const before = disc(0.3, 0.3);
    const more = rules.combined(before, disc(0.7, 0.7), false);
    expect(rules.combined(more, disc(0.7, 0.7, 8), true)).toEqual(before);
    expect(rules.combined(disc(0.1, 0.1), emptyMask(8), false).cells.every((cell) => cell === 0)).toBe(true);
  });
});

describe("a goal", () => {
  it("is moved by another paste, and joined by one more where that was asked for", () => {
    const one = rules.withPaste(rules.withCopied(start, 4, disc(0.3, 0.3)), paste(3));
    expect(rules.withPaste(one, paste(5)).pastes.map((each) => each.into)).toEqual([5]);
    const two = rules.withPaste({ ...one, another: true }, paste(5));
    expect([two.pastes.map((each) => each.into), two.another]).toEqual([[3, 5], false]);
    expect(rules.withoutPaste(two, 0).pastes.map((each) => each.into)).toEqual([5]);
  });

  it("says what is missing, one thing at a time", () => {
    const context = rules.withPlace(start, "context", 3, disc(0.2, 0.2));
    const copied = rules.withCopied(context, 4, disc(0.3, 0.3));
    expect(rules.missing(start)).toContain("context");
    expect(rules.missing(context)).toContain("copy");
    expect(rules.missing(copied)).toContain("paste");
    expect(rules.missing(rules.withPaste(copied, paste(3)))).toBe("");
    expect(rules.missing({ ...context, goal: "erase" })).toBe("");
  });
});

describe("a stack", () => {
  const two = rules.withRule({ ...rules.withRule(start, "a", "One"), making: null }, "b", "Two");

  it("gets a new rule on top, and the same draft again in its own place", () => {
    expect(two.stack.map((one) => one.rule)).toEqual(["a", "b"]);
    const again = rules.withRule({ ...two, making: "a" }, "c", "Ignored");
    expect(again.stack.map(({ rule, name }) => [rule, name])).toEqual([
      ["c", "One"],
      ["b", "Two"],
    ]);
    expect(rules.under({ ...two, making: "a" }).map((one) => one.rule)).toEqual(["b"]);
  });

  it("leaves a draft alone that was begun while the rule was made", () => {
    const asked = rules.withPlace(start, "context", 3, disc(0.2, 0.2));
    const made = rules.withRule(rules.fresh(asked), "a", "One", asked);
    expect([made.stack.length, made.making]).toEqual([1, null]);
    const next = rules.withPlace({ ...made, making: "a" }, "context", 5, disc(0.2, 0.2));
    const late = rules.withRule(next, "b", "Two", asked);
    expect([late.stack.map((one) => one.rule), late.making]).toEqual([["a", "b"], "a"]);
  });

  it("is reordered, thinned out and switched without touching the rest", () => {
    expect(stacks.reordered(two, "a", 1).stack.map((one) => one.rule)).toEqual(["b", "a"]);
    expect(stacks.reordered(two, "b", 1)).toBe(two);
    expect(rules.withoutEntry({ ...two, making: "b" }, "b")).toMatchObject({ making: null });
    expect(stacks.withEntry(two, "b", { hidden: true, strength: 0.5 }).stack[1]).toMatchObject({
      hidden: true,
      strength: 0.5,
      name: "Two",
    });
  });

  it("names what it gets, and starts afresh without losing it", () => {
    expect(rules.freshName([])).toBe("Rule 1");
    const named = two.stack.map((one) => ({ ...one, name: "Rule 3" }));
    expect(rules.freshName(named)).toBe("Rule 4");
    const marked = rules.withPlace(two, "context", 3, disc(0.2, 0.2));
    expect(rules.fresh(marked)).toMatchObject({ context: [], pastes: [], making: null, stack: two.stack });
  });

  it("names the files of what is on, safe to be named in a terminal", () => {
    const wild = stacks.withEntry(two, "a", { name: "$(rm -rf) trees" });
    expect(stacks.editsOf(wild.stack)).toEqual(["rm--rf-trees.edit.safetensors", "Two.edit.safetensors"]);
    const hidden = stacks.withEntry(two, "b", { hidden: true });
    expect(stacks.editsOf(hidden.stack)).toEqual(["One.edit.safetensors"]);
  });
});

describe("the strength of a rule", () => {
  it("is a slider over the ridge: more strength is less ridge", () => {
    for (const strength of [0, 25, 46, 80, 100]) {
      expect(rules.strengthOf(rules.ridgeOf(strength))).toBe(strength);
    }
    expect(rules.ridgeOf(80)).toBeLessThan(rules.ridgeOf(20));
    expect(rules.strengthOf(0)).toBe(100);
  });
});

describe("on the wire", () => {
  const marked = rules.withPaste(
    rules.withCopied(rules.withPlace(start, "context", 3, disc(0.4, 0.4)), 4, disc(0.3, 0.3)),
    paste(3),
  );
  const full = { ...rules.withRule(marked, "a", "One"), erased: 7 };

  it("a state comes back as it was, and equal masks are one", async () => {
    const reader = new MaskReader();
    const wire = stateToWire(full, 64);
    const back = await stateFromWire(wire, reader, 16, 64);
    expect(back).toEqual(full);
    const again = await stateFromWire(structuredClone(wire), reader, 16, 64);
    expect(again.context[0]?.mask).toBe(back.context[0]?.mask);
  });

  it("a request leaves out the rule whose place it takes; erasing has a goal for each picture", () => {
    expect(requestOf(full, "One", 64)).toMatchObject({ over: [], goals: [{ kind: "paste", scale: 1 }] });
    const erasing = requestOf({ ...full, goal: "erase", making: null }, "Two", 64);
    expect(erasing.goals).toMatchObject([{ kind: "erase", units: 7, target: { seed: 3 } }]);
    expect(erasing.over).toHaveLength(1);
  });
});

describe("what was measured", () => {
  const change = {
    ...{ reach: 0.5, reach_interval: [0.4, 0.6] as [number, number], leak: 0.1, harmonic: 0.6 },
    ...{ leak_interval: [0, 0.2] as [number, number], pictures: 9, with_context: 4 },
  };
  const advice = (rows: { layer: string; rank: number; harmonic: number }[]) =>
    resultOf("advice", {
      kind: "advice",
      rows: rows.map((row) => ({ ...change, loss: 1, change: 0.1, ...row })),
      best: 1,
      images: 9,
    });

  it("is read from the result of its own kind alone", () => {
    expect(resultOf("audit", null)).toBeNull();
    expect(resultOf("audit", { kind: "keys", layer: "layer4", inputs: 8 })).toBeNull();
    expect(resultOf("advice", { ...change, kind: "audit", goal: null, context: "spire" })).toBeNull();
    const audit = resultOf("audit", { ...change, kind: "audit", goal: "tree", context: "spire" });
    expect(audit).toMatchObject({
      reach: 0.5,
      reach_interval: [0.4, 0.6],
      leak_interval: [0, 0.2],
      with_context: 4,
      goal: "tree",
    });
  });

  it("names the best rank of each layer", () => {
    const found = advice([
      { layer: "a", rank: 1, harmonic: 0.2 },
      { layer: "a", rank: 3, harmonic: 0.6 },
      { layer: "b", rank: 1, harmonic: 0.4 },
    ]);
    expect(found && bestOfLayers(found).map(({ layer, rank }) => [layer, rank])).toEqual([
      ["a", 3],
      ["b", 1],
    ]);
  });
});
