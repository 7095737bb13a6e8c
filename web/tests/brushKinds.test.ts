import { expect, test } from "vitest";
import type { BrushInfo } from "../src/api/client";
import { bestOf, firstWorking, groupsOf, isOf, scoreText } from "../src/kit/easel/brushKinds";
import { brushOf } from "../src/kit/easel/easel";

type Kind = BrushInfo["kind"];

function brush(concept: string, kind: Kind, hits: number | null, plane = "object"): BrushInfo {
  const score = hits === null ? null : scored(hits);
  return {
    ...{
      concept,
      kind,
      plane,
      means: kind,
      colour: "#000000",
      layer: `layer-${kind}`,
      units: [1, 2],
      top: 2,
    },
    ...{ rank: null, thumbnail: "", score },
  };
}

const scored = (hits: number) => ({
  ...{ judge: "second", legal: 200, hits, random: 0.05, illegal: 200, illegal_hits: 0.02, change: 1.234 },
  ...{ of_ten: Math.round(10 * hits), works: hits >= 0.5 },
});

const DOORS = [brush("door", "causal", 0.1), brush("door", "learned", 0.8), brush("door", "obedient", 0.6)];

test("the best brush of a concept works, and leaves alone what it should", () => {
  expect(bestOf(DOORS, "door")?.kind).toBe("obedient");
  expect(bestOf(DOORS.slice(0, 2), "door")?.kind).toBe("learned");
  expect(groupsOf(DOORS)[0]?.kinds.map((one) => one.kind)).toEqual(["obedient", "learned", "causal"]);
});

test("a concept is experimental where all that was measured fails", () => {
  expect(groupsOf(DOORS).map((one) => one.experimental)).toEqual([false]);
  expect(groupsOf(DOORS.slice(0, 1)).map((one) => one.experimental)).toEqual([true]);
  expect(groupsOf([brush("door", "causal", null)]).map((one) => one.experimental)).toEqual([false]);
});

test("a newcomer holds the thing that is drawn in most places", () => {
  const many = [...DOORS, brush("tree", "learned", 0.9), brush("brick", "causal", 1, "material")];
  expect(firstWorking(many)?.concept).toBe("tree");
  expect(firstWorking([brush("tree", "causal", null)])).toBeUndefined();
});

test("a brush is known by its kind and layer", () => {
  for (const one of DOORS) expect(DOORS.filter((other) => isOf(brushOf(one), other))).toEqual([one]);
});

test("what was measured is said with its control", () => {
  expect(scoreText(DOORS[2] as BrushInfo)).toBe(
    "Draws door in 60\u00a0% of 200 places where it may stand; random units: 5\u00a0%. " +
      "Where it cannot stand: 2\u00a0%, mean change ΔE 1.2.",
  );
  expect(scoreText(brush("door", "causal", null))).toBe("Not measured.");
});
