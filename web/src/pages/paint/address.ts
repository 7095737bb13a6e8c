import { api, type ModelInfo, problemOf } from "../../api/client";
import { classIn } from "../../engine/classes";
import { numberIn, type Query } from "../../engine/route";
import { LARGEST_SEED } from "../../engine/seeds";
import { fromLink } from "../../engine/share";
import { type Address, complain, loadModels, paintable, studioModels } from "../../kit";
import { gridsOf } from "../../kit/easel";
import { exampleSeed, exampleStrokes } from "./examples";
import { easel, openPainting, openSeed, paint, painter, turn } from "./session";

/** The picture, as the address names it. */
function place(): Query {
  const { model, seed, classIndex } = paint.get();
  return {
    model: model?.name ?? "",
    seed: String(seed),
    class: classIndex === null ? "" : String(classIndex),
  };
}

export const address: Address = {
  stores: [paint],
  entries: ["model", "seed", "class"],
  write: () =>
    paint.get().model && {
      ...place(),
      ...easel.tools(),
      painting: paint.get().painting ?? "",
      edits: "",
    },
  follow: async (query) => {
    try {
      await follow(query);
    } catch (error) {
      complain(problemOf(error));
    }
  },
};

/** Show what an address asks for; what it does not name stays as it is, or as it was left the last time. */
async function follow(query: Query): Promise<void> {
  const wanted = turn();
  await loadModels();
  const { model: before } = paint.get();
  const { info } = studioModels.get();
  const first = before?.name ?? info?.default_model;
  const all = paintable();
  const model =
    all.find(({ name }) => name === query.model) ?? all.find(({ name }) => name === first) ?? all[0];
  if (!before && info?.failure) complain(info.failure);
  if (!model || !wanted()) return;
  const other = model.name !== before?.name;
  await easel.applyTools(query, other ? () => easel.selectModel(model, query.layer ?? "") : undefined);
  if (!wanted()) return;
  const { painting } = paint.get();
  const here = place();
  const same = !other && ["seed", "class"].every((key) => (query[key] ?? here[key]) === here[key]);
  if (same && (!query.painting || query.painting === painting) && !query.edits) return;
  if (query.painting && (await openPainting(query.painting, wanted))) return;
  if (!wanted()) return;
  const asked = query.seed !== undefined || (other && before);
  if (query.edits) await openLink(model, query, wanted);
  else if (asked) await openSeed(...seedOf(model, query, 0));
  else await firstPicture(model, wanted);
}

function seedOf(model: ModelInfo, query: Query, fallback: number): [number, number | null] {
  const seed = Math.round(numberIn(query.seed, fallback, 0, LARGEST_SEED));
  return [seed, classIn(query.class, model, seed)];
}

/** A link that holds the strokes themselves. */
async function openLink(model: ModelInfo, query: Query, wanted: () => boolean): Promise<void> {
  const [seed, classIndex] = seedOf(model, query, exampleSeed(model.name) ?? 0);
  const strokes = await fromLink(query.edits ?? "");
  if (!wanted()) return;
  painter.open({ seed, classIndex, photo: null });
  const hint = "The picture is shown without them.";
  if (strokes) painter.adopt(strokes);
  else complain({ title: "This link is damaged", detail: "Its strokes cannot be read.", hint });
}

/** Where nothing is asked for: the last painting, else an example. */
async function firstPicture(model: ModelInfo, wanted: () => boolean): Promise<void> {
  const { paintings } = await api.paintings();
  if (!wanted()) return;
  const last = paintings.find((one) => !one.photo && one.model === model.name);
  if (last && (await openPainting(last.id, wanted))) return;
  if (!wanted()) return;
  const [seed, classIndex] = seedOf(model, {}, exampleSeed(model.name) ?? 0);
  painter.open({ seed, classIndex, photo: null });
  paint.set({ firstVisit: true });
  const strokes = exampleStrokes(model.name, gridsOf(model), paint.get().brushes);
  if (strokes.length > 0) painter.adopt(strokes);
}
