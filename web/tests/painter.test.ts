import { expect, test } from "vitest";
import type { ModelInfo } from "../src/api/client";
import type { Frame } from "../src/api/socket";
import { Painter } from "../src/kit/easel/painter";
import type { Ports } from "../src/kit/easel/ports";
import { paintStore } from "../src/kit/easel/state";

const never = () => new Promise<never>(() => undefined);
const model = (name: string) => ({ name, image_size: 16, layers: [] }) as unknown as ModelInfo;
const brush = (layer: string) => ({ layer, concept: null, units: [1], top: 1 });
const place = { seed: 0, classIndex: null, photo: null };

/** What a painter needs, as far as it is not given: nothing is ever answered. */
const ports = (given: Partial<Ports> = {}): Ports => ({
  draw: never,
  keep: () => ({ create: never, step: never, reason: () => "failed" }),
  appearance: never,
  original: never,
  problem: () => undefined,
  lacking: () => undefined,
  say: () => undefined,
  ...given,
});

test("a picture is shown only of what is open, and once everything that was done is on it", async () => {
  const store = paintStore();
  const drawn: (() => void)[] = [];
  const frame = { picture: { width: 1, height: 1 }, seq: 1, units: [], milliseconds: 1, box: null };
  const draw = () =>
    new Promise<Frame>((resolve) =>
      drawn.push(() => resolve({ ...frame, influence: null } as unknown as Frame)),
    );
  const answer = async () => {
    for (const one of drawn.splice(0)) one();
    await new Promise((done) => setTimeout(done));
  };
  const painter = new Painter(store, ports({ draw }));
  store.set({ model: model("town"), layer: "layer16a", brush: brush("layer16a") });
  painter.online();
  await answer();
  expect([painter.isShown, store.get().picture]).toEqual([false, null]); // nothing was opened yet
  painter.open({ ...place, seed: 7 });
  expect(painter.isShown).toBe(false);
  await answer();
  expect(painter.isShown).toBe(true);
  painter.begin({ x: 0.5, y: 0.5 }, 2);
  painter.end();
  expect(painter.isShown).toBe(false);
  await answer();
  expect(painter.isShown).toBe(true);
  painter.undo();
  expect(painter.isShown).toBe(true); // it is remembered
  painter.leave();
  expect([painter.isShown, store.get().picture]).toEqual([false, null]);
});

test("units of a model are not painted on the picture of another one that is still shown", () => {
  const store = paintStore();
  const kept: string[] = [];
  const keep: Ports["keep"] = (name) => {
    const keep = () => {
      kept.push(name);
      return never();
    };
    return { create: keep, step: keep, reason: () => "failed" };
  };
  const painter = new Painter(store, ports({ keep }));
  store.set({ model: model("town"), layer: "layer16a", brush: brush("layer16a") });
  painter.open(place);
  store.set({ model: model("village"), layer: "layer3", brush: brush("layer3") });
  painter.begin({ x: 0.5, y: 0.5 }, 2);
  expect(store.get().live).toBeNull();
  painter.open(place);
  painter.begin({ x: 0.5, y: 0.5 }, 2);
  expect(store.get().live?.brush.layer).toBe("layer3");
});

test("a press that does nothing says what is missing", () => {
  const store = paintStore();
  const said: string[] = [];
  const painter = new Painter(store, ports({ lacking: ({ title }) => said.push(title) }));
  const press = (x = 0.5) => {
    painter.begin({ x, y: 0.5 }, 2);
    painter.end();
    return said.splice(0);
  };
  expect(press()).toEqual(["The picture is not there yet"]);
  store.set({ model: model("town"), layer: "layer16a" });
  painter.open(place);
  expect(press()).toEqual(["No brush is chosen"]);
  store.set({ brush: brush("layer16a"), strength: 0 });
  expect(press()).toEqual(["The strength is 0"]);
  store.set({ strength: 1 });
  expect(press(-1)).toEqual(["This stroke lies beside the picture"]);
  store.set({ mode: "drop" });
  expect(press()).toEqual(["There are no islands yet"]);
  store.set({ mode: "draw", picking: true });
  expect(press(-1)).toEqual(["This stroke lies beside the picture"]);
  store.set({ picking: false });
  expect(press()).toEqual([]);
  expect(painter.history.strokes).toHaveLength(1);
});

test("what an example paints is kept only once a person goes on from it", () => {
  const store = paintStore();
  const kept: number[] = [];
  const create = (steps: readonly unknown[]) => {
    kept.push(steps.length);
    return never();
  };
  const painter = new Painter(
    store,
    ports({ keep: () => ({ create, step: never, reason: () => "failed" as const }) }),
  );
  store.set({ model: model("town"), layer: "layer16a", brush: brush("layer16a") });
  painter.open(place);
  painter.begin({ x: 0.5, y: 0.5 }, 2);
  const example = store.get().live;
  painter.abort();
  if (!example) throw new Error("no stroke began");
  painter.adopt([example], false);
  expect([painter.history.strokes.length, kept]).toEqual([1, []]);
});
