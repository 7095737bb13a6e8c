import { api, problemOf } from "../../api/client";
import { ruleApi } from "../../api/rewriting";
import { parseSeeds } from "../../engine/seedList";
import { prepare } from "./actions";
import { drop } from "./follow";
import { rewrite } from "./state";
import { clearWall, drawWall, needPlain } from "./wall";
import { adopt, apply } from "./work";

const FIRST = "0-15";

let opening = 0;

/** Show a model as the address asks for it; what it does not say comes from what was kept. */
export async function open(query: Readonly<Record<string, string>>): Promise<void> {
  opening += 1;
  const mine = opening;
  try {
    if (rewrite.get().models.length === 0) {
      const { models } = await api.models();
      rewrite.set({ models: models.filter((model) => model.paintable) });
    }
    const { models, model: before } = rewrite.get();
    const model = models.find((one) => one.name === query.model) ?? before ?? models[0];
    if (!model || mine !== opening) return;
    if (model.name !== before?.name) await openModel(model.name, query, mine);
    else follow(query);
  } catch (error) {
    if (mine === opening) rewrite.set({ problem: problemOf(error) });
  }
}

async function openModel(name: string, query: Readonly<Record<string, string>>, mine: number): Promise<void> {
  const model = rewrite.get().models.find((one) => one.name === name) ?? null;
  if (!model) return;
  for (const kind of ["keys", "search", "rule", "audit", "advice"] as const) drop(kind);
  const [{ layers, concepts }, work] = await Promise.all([ruleApi.layers(name), ruleApi.work(name)]);
  const usable = layers.filter((layer) => layer.inputs !== null);
  const first = usable.find((layer) => layer.name === model.default_layer) ?? usable[0];
  if (mine !== opening) return;
  const wanted = query.seeds ?? (work.seeds || FIRST);
  const { seeds, problem: seedProblem } = parseSeeds(wanted);
  clearWall();
  await adopt(work, first?.name ?? "", {
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
  });
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
function follow(query: Readonly<Record<string, string>>): void {
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
