import { api, type ModelInfo, type Painting, ProblemError, problemOf } from "../api/client";
import { PaintSocket } from "../api/socket";
import { type Grids, historyFromWire, operationToWire } from "../api/wire";
import { complain, say, toast } from "../app/messages";
import { go, router, show } from "../app/router";
import type { Store as Keep, Kept } from "../engine/autosave";
import { classIn, className, ownClass } from "../engine/classes";
import { numberIn, oneOf } from "../engine/route";
import { LARGEST_SEED } from "../engine/seeds";
import { fromLink } from "../engine/share";
import type { Brush } from "../engine/stroke";
import { exampleSeed, exampleStrokes } from "./examples";
import { Painter, type Place } from "./painter";
import { lookStore, paintStore } from "./state";

export const paint = paintStore();
export const look = lookStore();

const socketAddress = () =>
  new URL("api/paint", location.href).href.replace(/^http/, "ws").replace(/[?#].*$/, "");

const socket = new PaintSocket(
  socketAddress(),
  (connection) => {
    paint.set({ connection });
    if (connection === "open") painter.online();
    else painter.offline();
  },
  complain,
);

/** Where a painting is kept: the studio's store. */
function keep(model: string, { seed, classIndex }: Place): Keep {
  const kept = ({ id, revision }: Kept): Kept => ({ id, revision });
  return {
    create: async (operations, cursor) =>
      kept(
        await api.createPainting({
          model,
          seed,
          class_index: classIndex,
          name: "",
          truncation: 1,
          operations: operations.map(operationToWire),
          cursor,
        }),
      ),
    step: async ({ id, revision }, { keep, append, cursor }) =>
      api.stepPainting(id, { revision, keep, append: append.map(operationToWire), cursor }),
    reason: (error) => {
      if (error instanceof ProblemError && error.status === 0) return "offline";
      if (error instanceof ProblemError && error.status === 409) return "conflict";
      complain(problemOf(error));
      return "failed";
    },
  };
}

export const painter = new Painter(paint, {
  draw: (drawing) => socket.draw(drawing),
  keep,
  problem: complain,
  say,
});

export function gridsOf(model: ModelInfo): Grids {
  const layers = Object.fromEntries(model.layers.map((layer) => [layer.name, layer.size]));
  return { imageSize: model.image_size ?? 64, layers };
}

let opening = 0;

/** Show the picture of a seed, with the painting that was made on it where there is one. */
export async function openSeed(seed: number, classIndex = paint.get().classIndex): Promise<void> {
  const { model } = paint.get();
  if (!model) return;
  opening += 1;
  const mine = opening;
  const list = await api.paintings().catch(() => ({ paintings: [] }));
  const known = list.paintings.find(
    (one) => one.model === model.name && one.seed === seed && (one.class_index ?? null) === classIndex,
  );
  if (mine !== opening) return;
  if (known) await openPainting(known.id);
  else painter.open({ seed, classIndex });
  say(classIndex === null ? `Picture ${seed}.` : `Picture ${seed} of ${className(model, classIndex)}.`);
}

/** Open a kept painting; false where it is gone. */
export async function openPainting(id: string): Promise<boolean> {
  try {
    const painting = await api.painting(id);
    await load(painting);
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError && error.status === 404)) complain(problemOf(error));
    return false;
  }
}

export async function load(painting: Painting): Promise<void> {
  const model = paint.get().models.find((one) => one.name === painting.model);
  if (!model) throw new Error(`The painting was made with the model ${painting.model}, which is not here.`);
  const saved = await historyFromWire(painting, gridsOf(model));
  if (model.name !== paint.get().model?.name) await selectModel(model, "");
  const place = { seed: painting.seed, classIndex: painting.class_index ?? null };
  painter.open(place, saved, { id: painting.id, revision: painting.revision });
}

/** Take a model and the brushes of one of its layers. */
export async function selectModel(model: ModelInfo, layer: string): Promise<void> {
  const known = model.layers.some((one) => one.name === layer);
  const classIndex = ownClass(model, paint.get().seed);
  paint.set({ model, classIndex, brush: null, brushes: [], absent: [] });
  await selectLayer(known ? layer : (model.default_layer ?? model.layers[0]?.name ?? ""));
}

/** Go and paint with a model: on the picture of a seed, or where one was with it. */
export async function paintWith(model: ModelInfo, seed?: number): Promise<void> {
  const same = paint.get().model?.name === model.name;
  if (!same) await selectModel(model, "");
  if (seed !== undefined || !same) await openSeed(seed ?? 0, ownClass(model, seed ?? 0));
  go("paint");
}

/** The brush that a newcomer holds: the one that the shipped model obeys best. */
const FIRST_BRUSH = "cloud";

export async function selectLayer(layer: string): Promise<void> {
  const { model, brush } = paint.get();
  if (!model) return;
  paint.set({ layer });
  try {
    const { brushes, absent = [] } = await api.brushes(model.name, layer);
    if (paint.get().layer !== layer) return;
    const same = brushes.find((one) => one.concept === brush?.concept);
    const first = same ?? brushes.find((one) => one.concept === FIRST_BRUSH) ?? brushes[0];
    paint.set({ brushes, absent, brush: first ? brushOf(first.concept, layer, first.top) : null });
  } catch (error) {
    complain(problemOf(error));
  }
}

export const brushOf = (concept: string, layer: string, top: number): Brush => ({
  layer,
  concept,
  units: [],
  top,
});

export function pickUnits(units: readonly number[], layer: string): void {
  paint.set({ layer, brush: { layer, concept: null, units, top: Math.max(1, units.length) } });
}

/** The first page of a visit: from the address, else the last painting, else an example. */
export async function start(): Promise<void> {
  const { query } = router.get().route;
  try {
    const [info, { models }] = await Promise.all([api.studio(), api.models()]);
    const paintable = models.filter((model) => model.paintable);
    paint.set({ models: paintable });
    const wanted = paintable.find((one) => one.name === (query.model ?? info.default_model)) ?? paintable[0];
    if (info.failure) complain(info.failure);
    if (!wanted) return;
    await selectModel(wanted, query.layer ?? "");
    applyTools(query);
    await firstPicture(wanted, query);
  } catch (error) {
    complain(problemOf(error));
  }
  socket.connect();
}

export function applyTools(query: Readonly<Record<string, string>>): void {
  const { brushes, layer } = paint.get();
  const units = (query.units ?? "").split(",").filter(Boolean).map(Number).filter(Number.isInteger);
  const brush = brushes.find((one) => one.concept === query.brush);
  if (units.length > 0) pickUnits(units, layer);
  else if (brush) paint.set({ brush: brushOf(brush.concept, layer, brush.top) });
  paint.set({
    mode: oneOf(query.mode, ["draw", "remove"], "draw"),
    strength: numberIn(query.strength, 1, 0, 1),
    diameter: numberIn(query.size, 2, 1, 16),
  });
}

async function firstPicture(model: ModelInfo, query: Readonly<Record<string, string>>): Promise<void> {
  if (query.painting && (await openPainting(query.painting))) return;
  const seed = Math.round(numberIn(query.seed, exampleSeed(model.name) ?? 0, 0, LARGEST_SEED));
  const classIndex = classIn(query.class, model, seed);
  if (query.edits) {
    painter.open({ seed, classIndex });
    const strokes = await fromLink(query.edits);
    if (strokes) painter.adopt(strokes);
    else
      complain({
        title: "This link is damaged",
        detail: "Its strokes cannot be read.",
        hint: "The picture is shown without them.",
      });
    show({ edits: "" });
    return;
  }
  if (query.seed !== undefined) return openSeed(seed, classIndex);
  const { paintings } = await api.paintings();
  const last = paintings.find((one) => one.model === model.name);
  if (last && (await openPainting(last.id))) return;
  painter.open({ seed, classIndex });
  paint.set({ firstVisit: true });
  const strokes = exampleStrokes(model.name, gridsOf(model), paint.get().brushes);
  if (strokes.length > 0) painter.adopt(strokes);
}

/** Bring a PNG or a recipe in, as a painting of its own. */
export async function importFile(file: Blob): Promise<void> {
  try {
    await load(await api.importPainting(file));
    toast({ title: "Painting opened", detail: "Its strokes can be changed, hidden and undone." });
  } catch (error) {
    complain(problemOf(error));
  }
}
