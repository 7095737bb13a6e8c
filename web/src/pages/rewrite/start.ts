import { type ModelInfo, problemOf } from "../../api/client";
import { ruleApi } from "../../api/rewriting";
import type { Query } from "../../engine/route";
import { parseSeeds } from "../../engine/seedList";
import { loadModels, paintable } from "../../kit";
import { prepare } from "./actions";
import { jobs } from "./jobs";
import { rewrite } from "./state";
import { clearWall, drawWall, needPlain } from "./wall";
import { adopt, apply, book } from "./work";

const FIRST = "0-15";

let opening = 0;

/** Show a model as the address asks for it; what it does not say comes from what was kept. */
export async function open(query: Query): Promise<void> {
  opening += 1;
  const mine = opening;
  try {
    await loadModels();
    const { model: before } = rewrite.get();
    const models = paintable();
    const model = models.find((one) => one.name === query.model) ?? before ?? models[0];
    if (!model || mine !== opening) return;
    if (model.name !== before?.name) await openModel(model, query, mine);
    else follow(query);
  } catch (error) {
    if (mine === opening) rewrite.set({ problem: problemOf(error) });
  }
}

async function openModel(model: ModelInfo, query: Query, mine: number): Promise<void> {
  for (const job of Object.values(jobs)) job.drop();
  await book.settle();
  const [{ layers, concepts }, work] = await Promise.all([
    ruleApi.layers(model.name),
    ruleApi.work(model.name),
  ]);
  const usable = layers.filter((layer) => layer.inputs !== null);
  const first = usable.find((layer) => layer.name === model.default_layer) ?? usable[0];
  if (mine !== opening) return;
  const wanted = query.seeds || work.seeds || FIRST;
  const { seeds, problem: seedProblem } = parseSeeds(wanted);
  const known = {
    model,
    layers,
    concepts,
    command: work.command_model,
    seeds: seedProblem ? parseSeeds(FIRST).seeds : seeds,
    seedText: wanted,
    seedProblem,
    marks: null,
    audit: null,
    advice: null,
    problem: null,
    said: "",
  };
  if (!(await adopt(work, first?.name ?? "", known, () => mine === opening))) return;
  clearWall();
  takeLayer(query.layer);
  drawWall();
  const { context, copied, pastes } = rewrite.get().rule;
  const named = [...context.map((one) => one.seed), ...pastes.flatMap((one) => [one.from, one.into])];
  void needPlain([...new Set(copied ? [...named, copied.seed] : named)]);
  void prepare();
}

function takeLayer(name: string | undefined): void {
  const { rule, layers } = rewrite.get();
  const known = layers.find((layer) => layer.name === name && layer.inputs !== null);
  if (known && known.name !== rule.choices.layer) setLayer(known.name);
}

/** Back, Forward or an edited address. */
function follow(query: Query): void {
  takeLayer(query.layer);
  const { seeds, problem } = parseSeeds(query.seeds ?? "");
  if (!problem && query.seeds !== rewrite.get().seedText) {
    rewrite.set({ seeds, seedText: query.seeds ?? "", seedProblem: "" });
    drawWall();
  }
}

/** Rewrite another layer; a rank that is too large for it becomes the largest. */
export function setLayer(layer: string): void {
  const most = rewrite.get().layers.find((one) => one.name === layer)?.largest_rank ?? 1;
  apply((state) => ({
    ...state,
    choices: { ...state.choices, layer, rank: Math.min(state.choices.rank, most) },
  }));
  rewrite.set({ marks: null });
  void prepare();
}
