import { api, type Example, type ModelInfo, type PaintingSummary, problemOf } from "../../api/client";
import { classIn } from "../../engine/classes";
import { numberIn, type Query } from "../../engine/route";
import { LARGEST_SEED } from "../../engine/seeds";
import { fromLink } from "../../engine/share";
import { type Address, complain, loadModels, paintable, studioModels } from "../../kit";
import { brushOf, gridsOf } from "../../kit/easel";
import { exampleSplit, exampleStrokes } from "./examples";
import { easel, look, openPainting, openSeed, paint, painter, turn } from "./session";

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
  const asked = query.seed !== undefined || (other && before);
  const nothing = other && !query.painting && !query.edits && !asked;
  const coming = nothing ? askFirst(model) : null;
  coming?.catch(() => undefined); // it is told where it is awaited
  await easel.applyTools(query, other ? () => easel.selectModel(model, query.layer ?? "") : undefined);
  if (!wanted()) return;
  const { painting } = paint.get();
  const here = place();
  const same = !other && ["seed", "class"].every((key) => (query[key] ?? here[key]) === here[key]);
  if (same && (!query.painting || query.painting === painting) && !query.edits) return;
  if (query.painting && (await openPainting(query.painting, wanted))) return;
  if (!wanted()) return;
  if (query.edits) await openLink(model, query, wanted);
  else if (asked) await openSeed(...seedOf(model, query, 0));
  else await firstPicture(model, await (coming ?? askFirst(model)), !query.brush && !query.units, wanted);
}

function seedOf(model: ModelInfo, query: Query, fallback: number): [number, number | null] {
  const seed = Math.round(numberIn(query.seed, fallback, 0, LARGEST_SEED));
  return [seed, classIn(query.class, model, seed)];
}

/** A link that holds the strokes themselves. */
async function openLink(model: ModelInfo, query: Query, wanted: () => boolean): Promise<void> {
  const [seed, classIndex] = seedOf(model, query, 0);
  const strokes = await fromLink(query.edits ?? "");
  if (!wanted()) return;
  painter.open({ seed, classIndex, photo: null });
  const hint = "The picture is shown without them.";
  if (strokes) painter.adopt(strokes);
  else complain({ title: "This link is damaged", detail: "Its strokes cannot be read.", hint });
}

/** What is shown where nothing is asked for. */
interface First {
  readonly paintings: readonly PaintingSummary[];
  readonly example: Example | null;
}

/** Asked before the brushes are there, so that the first picture does not wait for them. */
async function askFirst(model: ModelInfo): Promise<First> {
  const [{ paintings }, example] = await Promise.all([api.paintings(), api.example(model.name)]);
  return { paintings, example };
}

/** Where nothing is asked for: the last painting, else an example, before and after. */
async function firstPicture(
  model: ModelInfo,
  { paintings, example }: First,
  anyBrush: boolean,
  wanted: () => boolean,
): Promise<void> {
  if (!wanted()) return;
  const last = paintings.find((one) => !one.photo && !one.former && one.model === model.name);
  if (last && (await openPainting(last.id, wanted))) return;
  if (!wanted()) return;
  const [seed, classIndex] = seedOf(model, {}, example?.seed ?? 0);
  painter.open({ seed, classIndex, photo: null });
  paint.set({ firstVisit: true });
  if (!example) return;
  painter.adopt(exampleStrokes(example, gridsOf(model)), false);
  look.set({ compare: "slider", split: exampleSplit(example, gridsOf(model)) });
  const [stroke] = example.strokes;
  const brush = paint
    .get()
    .brushes.find((one) => one.concept === stroke?.concept && one.kind === stroke.kind);
  if (brush && anyBrush) paint.set({ brush: brushOf(brush) });
}
