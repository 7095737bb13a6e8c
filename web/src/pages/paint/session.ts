import { api, type ModelInfo, type Painting, ProblemError, problemOf } from "../../api/client";
import { type Grids, historyFromWire } from "../../api/wire";
import { classIn, className, ownClass } from "../../engine/classes";
import { numberIn } from "../../engine/route";
import { LARGEST_SEED } from "../../engine/seeds";
import { fromLink } from "../../engine/share";
import { Easel } from "../../kit/easel/easel";
import { complain, say, toast } from "../../kit/messages";
import { go, router, show } from "../../kit/router";
import { exampleSeed, exampleStrokes } from "./examples";

/** What the page Paint works on. */
export const easel = new Easel();
export const { paint, look, painter } = easel;
easel.reload = async () => {
  const { painting } = paint.get();
  if (painting) await openPainting(painting);
};

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
  await painter.settle();
  const list = await api.paintings().catch((error: unknown) => complain(problemOf(error)));
  if (mine !== opening) return;
  const known = list?.paintings.find(
    (one) =>
      !one.photo && one.model === model.name && one.seed === seed && (one.class_index ?? null) === classIndex,
  );
  if (!known || !(await openPainting(known.id))) {
    if (mine !== opening) return;
    painter.open({ seed, classIndex, photo: null });
  }
  say(classIndex === null ? `Picture ${seed}.` : `Picture ${seed} of ${className(model, classIndex)}.`);
}

/** Open a kept painting; false where it is gone. */
export async function openPainting(id: string): Promise<boolean> {
  try {
    await painter.settle();
    const painting = await api.painting(id);
    if (painting.photo) go("photo", { photo: painting.photo });
    else await load(painting);
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
  if (model.name !== paint.get().model?.name) await easel.selectModel(model, "");
  const place = { seed: painting.seed, classIndex: painting.class_index ?? null, photo: null };
  painter.open(place, saved, { id: painting.id, revision: painting.revision });
}

/** Go and paint with a model: on the picture of a seed, or where one was with it. */
export async function paintWith(model: ModelInfo, seed?: number): Promise<void> {
  await started;
  const same = paint.get().model?.name === model.name;
  if (!same) await easel.selectModel(model, "");
  if (seed !== undefined || !same) await openSeed(seed ?? 0, ownClass(model, seed ?? 0));
  const shown = paint.get();
  go("paint", { model: model.name, seed: String(shown.seed), class: String(shown.classIndex ?? "") });
}

let started: Promise<void> = Promise.resolve();

/** The first page of a visit: from the address, else the last painting, else an example. */
export function start(): Promise<void> {
  started = begin();
  return started;
}

async function begin(): Promise<void> {
  const { query } = router.get().route;
  const mine = opening;
  try {
    const [info, { models }] = await Promise.all([api.studio(), api.models()]);
    const paintable = models.filter((model) => model.paintable);
    paint.set({ models: paintable });
    const wanted = paintable.find((one) => one.name === (query.model ?? info.default_model)) ?? paintable[0];
    if (info.failure) complain(info.failure);
    if (!wanted) return;
    await easel.selectModel(wanted, query.layer ?? "");
    easel.applyTools(query);
    if (mine === opening) await firstPicture(wanted, query);
  } catch (error) {
    complain(problemOf(error));
  }
  easel.connect();
}

async function firstPicture(model: ModelInfo, query: Readonly<Record<string, string>>): Promise<void> {
  if (query.painting && (await openPainting(query.painting))) return;
  const seed = Math.round(numberIn(query.seed, exampleSeed(model.name) ?? 0, 0, LARGEST_SEED));
  const classIndex = classIn(query.class, model, seed);
  if (query.edits) {
    painter.open({ seed, classIndex, photo: null });
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
  const mine = opening;
  const { paintings } = await api.paintings();
  if (mine !== opening) return;
  const last = paintings.find((one) => !one.photo && one.model === model.name);
  if (last && (await openPainting(last.id))) return;
  painter.open({ seed, classIndex, photo: null });
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
