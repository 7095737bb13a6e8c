import { expect, test } from "vitest";
import type { ModelInfo } from "../src/api/client";
import { Painter } from "../src/kit/easel/painter";
import type { Ports } from "../src/kit/easel/ports";
import { paintStore } from "../src/kit/easel/state";

const never = () => new Promise<never>(() => undefined);
const model = (name: string) => ({ name, image_size: 16, layers: [] }) as unknown as ModelInfo;
const brush = (layer: string) => ({ layer, concept: null, units: [1], top: 1 });
const place = { seed: 0, classIndex: null, photo: null };

test("units of a model are not painted on the picture of another one that is still shown", () => {
  const store = paintStore();
  const kept: string[] = [];
  const ports: Ports = {
    draw: never,
    keep: (name) => {
      const keep = () => {
        kept.push(name);
        return never();
      };
      return { create: keep, step: keep, reason: () => "failed" };
    },
    appearance: never,
    original: never,
    problem: () => undefined,
    say: () => undefined,
  };
  const painter = new Painter(store, ports);
  store.set({ model: model("town"), layer: "layer16a", brush: brush("layer16a") });
  painter.open(place);
  store.set({ model: model("village"), layer: "layer3", brush: brush("layer3") });
  painter.begin({ x: 0.5, y: 0.5 }, 2);
  expect(store.get().live).toBeNull();
  painter.open(place);
  painter.begin({ x: 0.5, y: 0.5 }, 2);
  expect(store.get().live?.brush.layer).toBe("layer3");
});
