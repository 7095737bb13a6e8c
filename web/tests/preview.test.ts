import { describe, expect, test } from "vitest";
import { Preview, type Shown, stateKey, type Wanted } from "../src/engine/preview";
import { stroke } from "./strokes";

const soon = () => new Promise((resolve) => setTimeout(resolve));
const [a, b] = [stroke("a"), stroke("b")];
const ground = (...strokes: ReturnType<typeof stroke>[]) => ({
  model: "town",
  seed: 7,
  classIndex: null,
  photo: null,
  strokes,
});

function bench() {
  const asked: Wanted[] = [];
  const shown: string[] = [];
  const finals: string[] = [];
  const draw = (wanted: Wanted): Promise<Shown<string>> => {
    asked.push(wanted);
    const live = wanted.live ? [wanted.live] : [];
    const picture = [...wanted.strokes, ...live].map((one) => one.id).join("+");
    return Promise.resolve({
      picture,
      seq: asked.length,
      units: [],
      milliseconds: 1,
      box: null,
      influence: null,
    });
  };
  const preview = new Preview<string>(
    draw,
    (one, wanted) => {
      shown.push(one.picture);
      if (wanted.final) finals.push(one.picture);
    },
    () => undefined,
  );
  return { asked, shown, finals, preview };
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

  test("on a photo the preview is coarse, so that the final picture is always drawn", async () => {
    const { asked, finals, preview } = bench();
    const photo = { ...ground(), photo: "0123456789abcdef" };
    preview.live(photo, a);
    await soon();
    preview.finish(photo, a);
    await soon();
    expect(asked.map((wanted) => wanted.final)).toEqual([false, true]);
    expect(finals).toEqual(["a"]);
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

describe("a pointer that is lifted where the last preview was drawn", () => {
  test("the preview that has come is the final picture, and is remembered", async () => {
    const { asked, shown, finals, preview } = bench();
    preview.live(ground(), a);
    await soon();
    preview.finish(ground(), a);
    expect([shown, finals]).toEqual([["a", "a"], ["a"]]);
    preview.state(ground(a));
    expect(finals).toEqual(["a", "a"]);
    expect(asked).toHaveLength(1);
  });

  test("the preview under way becomes the final picture", async () => {
    const { asked, finals, preview } = bench();
    preview.live(ground(), a);
    preview.finish(ground(), a);
    await soon();
    preview.state(ground(a));
    expect(finals).toEqual(["a", "a"]);
    expect(asked).toHaveLength(1);
  });

  test("a preview that was only waiting is asked for at once", async () => {
    const { asked, finals, preview } = bench();
    preview.live(ground(), b);
    preview.live(ground(), a);
    preview.finish(ground(), a);
    expect(asked.map((one) => one.final)).toEqual([false, true]);
    await soon();
    expect(finals).toEqual(["a"]);
  });

  test("a stroke that went on since is drawn", async () => {
    const { asked, finals, preview } = bench();
    preview.live(ground(), a);
    await soon();
    preview.finish(ground(), { ...a });
    await soon();
    expect(finals).toEqual(["a"]);
    expect(asked.map((one) => one.final)).toEqual([false, true]);
  });

  test("a preview that failed is asked for again", async () => {
    let calls = 0;
    const seen: string[] = [];
    const preview = new Preview<string>(
      () => {
        calls += 1;
        if (calls === 1) return Promise.reject(new Error("no"));
        return Promise.resolve({
          picture: "a",
          seq: calls,
          units: [],
          milliseconds: 1,
          box: null,
          influence: null,
        });
      },
      (one) => seen.push(one.picture),
      () => undefined,
    );
    preview.live(ground(), a);
    await soon();
    preview.finish(ground(), a);
    await soon();
    expect(seen).toEqual(["a"]);
  });
});

test("states are named by model, seed, class and strokes", () => {
  expect(stateKey(ground(a))).not.toBe(stateKey(ground(b)));
  expect(stateKey({ ...ground(a), seed: 8 })).not.toBe(stateKey(ground(a)));
  expect(stateKey({ ...ground(a), photo: "0123456789abcdef" })).not.toBe(stateKey(ground(a)));
  expect(stateKey({ ...ground(a), classIndex: 0 })).not.toBe(stateKey(ground(a)));
});

/** A studio that draws when the test says so, and passes over what is older than what it draws. */
function slow() {
  const waiting: { name: string; answer: () => void; pass: () => void }[] = [];
  const shown: string[] = [];
  const draw = ({ strokes, live }: Wanted) =>
    new Promise<Shown<string>>((resolve, reject) => {
      const picture = [...strokes, ...(live ? [live] : [])].map((one) => one.id).join("+");
      const answer = () =>
        resolve({ picture, seq: 1, units: [], milliseconds: 1, box: null, influence: null });
      waiting.push({ name: picture, answer, pass: () => reject(new Error("passed over")) });
    });
  const preview = new Preview<string>(
    draw,
    ({ picture }) => shown.push(picture),
    () => undefined,
  );
  return { waiting, shown, preview };
}

describe("a lifted preview that is passed over", () => {
  test("is not drawn over the undo that was asked for meanwhile", async () => {
    const { waiting, shown, preview } = slow();
    preview.live(ground(), a);
    preview.finish(ground(), a);
    preview.state(ground());
    waiting[0]?.pass();
    waiting[1]?.answer();
    await soon();
    expect(waiting).toHaveLength(2);
    expect(shown).toEqual([""]);
  });

  test("is not drawn over the stroke that followed", async () => {
    const { waiting, shown, preview } = slow();
    preview.live(ground(), a);
    preview.finish(ground(), a);
    preview.live(ground(a), b);
    preview.finish(ground(a), b);
    waiting[0]?.pass();
    waiting[1]?.answer();
    await soon();
    expect(waiting).toHaveLength(2);
    expect(shown).toEqual(["a+b"]);
  });
});
