import { describe, expect, test } from "vitest";
import { Preview, type Shown, stateKey, type Wanted } from "../src/engine/preview";
import { stroke } from "./strokes";

const soon = () => new Promise((resolve) => setTimeout(resolve));
const [a, b] = [stroke("a"), stroke("b")];
const ground = (...strokes: ReturnType<typeof stroke>[]) => ({ model: "town", seed: 7, strokes });

function bench() {
  const asked: Wanted[] = [];
  const shown: string[] = [];
  const draw = (wanted: Wanted): Promise<Shown<string>> => {
    asked.push(wanted);
    const live = wanted.live ? [wanted.live] : [];
    const picture = [...wanted.strokes, ...live].map((one) => one.id).join("+");
    return Promise.resolve({ picture, seq: asked.length, units: [], milliseconds: 1 });
  };
  const preview = new Preview<string>(
    draw,
    (one) => shown.push(one.picture),
    () => undefined,
  );
  return { asked, shown, preview };
}

describe("what is shown", () => {
  test("undo after a stroke comes from memory", async () => {
    const { asked, shown, preview } = bench();
    preview.state(ground());
    await soon();
    preview.finish(ground(), a);
    await soon();
    preview.state(ground());
    await soon();
    expect(shown).toEqual(["", "a", ""]);
    expect(asked).toHaveLength(2);
  });

  test("redo after an undo comes from memory", async () => {
    const { asked, shown, preview } = bench();
    preview.finish(ground(), a);
    await soon();
    preview.finish(ground(a), b);
    await soon();
    preview.state(ground(a));
    preview.state(ground(a, b));
    expect(shown).toEqual(["a", "a+b", "a", "a+b"]);
    expect(asked).toHaveLength(2);
  });

  test("previews are not remembered: they are of unfinished strokes", async () => {
    const { asked, preview } = bench();
    preview.live(ground(), a);
    await soon();
    preview.state(ground(a));
    await soon();
    expect(asked).toHaveLength(2);
    expect(asked.map((one) => one.final)).toEqual([false, true]);
  });

  test("a picture that arrives after an undo is not shown", async () => {
    const { shown, preview } = bench();
    preview.state(ground());
    await soon();
    preview.finish(ground(), a);
    preview.state(ground());
    await soon();
    expect(shown).toEqual(["", ""]);
  });
});

test("states are named by model, seed and strokes", () => {
  expect(stateKey(ground(a))).not.toBe(stateKey(ground(b)));
  expect(stateKey({ ...ground(a), seed: 8 })).not.toBe(stateKey(ground(a)));
});
