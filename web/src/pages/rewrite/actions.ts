import { type JobInfo, problemOf } from "../../api/client";
import { ruleAddress, ruleApi } from "../../api/rewriting";
import { MaskReader, requestOf, selectionToWire } from "../../api/ruleWire";
import { activeOf, type Entry, fileNameOf, withEdit } from "../../engine/editStack";
import type { Mask } from "../../engine/mask";
import { formatRanges } from "../../engine/ranges";
import { resultOf } from "../../engine/results";
import { fresh, freshName, missing, type RuleState, taskNameOf, withRule } from "../../engine/rule";
import { parseSeeds } from "../../engine/seedList";
import { complain, complainOfEdit, download, saveBlob, say, toast } from "../../kit";
import { jobs } from "./jobs";
import { gridOf, imageSize, installed, rewrite } from "./state";
import { drawWall, groupsOf } from "./wall";
import { apply, book, save } from "./work";

/** What the rule that is marked will be called, or is already. */
export const nameOf = ({ stack, making }: RuleState): string =>
  stack.find((one) => one.rule === making)?.name ?? freshName(stack);

/** Make the rule that is marked, put it on the stack, and draw the wall again. */
export async function execute(): Promise<void> {
  const { model, rule } = rewrite.get();
  if (!model || jobs.rule.active) return;
  const lacking = missing(rule);
  if (lacking) {
    complain({ title: "Nothing to execute yet", detail: lacking, hint: "" });
    return;
  }
  performance.mark("inscape:execute");
  const name = nameOf(rule);
  rewrite.set({ said: "" });
  const job = await jobs.rule.follow(() => ruleApi.make(model.name, requestOf(rule, name, imageSize())));
  if (job?.state === "cancelled") rewrite.set({ said: "Stopped. Nothing was changed." });
  if (job?.result?.kind !== "rule" || rewrite.get().model !== model) return;
  const made = job.result.rule;
  rewrite.set({ infos: { ...rewrite.get().infos, [made.id]: made }, madeFor: rule.pastes });
  apply((state) => withRule(state, made.id, name, rule));
  const [before, now] = [made.loss_before, made.loss].map((loss) => (loss ?? 0).toFixed(3));
  say(`${name} was made. Distance to the goal ${before} before, ${now} now.`);
}

/** Start another rule; what was made stays on. */
export function newRule(): void {
  rewrite.set({ marks: null, madeFor: null, said: "" });
  apply(fresh);
}

export function hasDraft(): boolean {
  const { context, copied, pastes } = rewrite.get().rule;
  return context.length > 0 || copied !== null || pastes.length > 0;
}

export function clearDraft(): void {
  if (!hasDraft()) return;
  newRule();
  book.undoable("Context and goal cleared");
}

/** What is on the wall, as a person typed it. */
export function typeSeeds(text: string): void {
  const { seeds, problem } = parseSeeds(text);
  rewrite.set({ seedText: text, seedProblem: problem });
  if (!problem) showSeeds(seeds);
}

export function showSeeds(seeds: readonly number[]): void {
  const { marks } = rewrite.get();
  rewrite.set({ seeds, seedText: formatRanges(seeds), seedProblem: "" });
  drawWall();
  save();
  if (marks) rewrite.set({ marks: seeds.every((seed) => marks[seed]) ? marks : null });
}

/** Find the context: in the pictures on the wall, or the best pictures of many, which become the wall. */
export async function search(where: "wall" | "many", pictures = 1000): Promise<void> {
  const { model, rule, seeds } = rewrite.get();
  if (!model) return;
  if (rule.context.length === 0) {
    complain({ title: "Nothing to search for yet", detail: missing(rule), hint: "" });
    return;
  }
  const job = await jobs.search.follow(() =>
    ruleApi.search(model.name, {
      layer: rule.choices.layer,
      context: rule.context.map(selectionToWire),
      seeds: where === "wall" ? [...seeds] : [],
      top: 16,
      pictures,
    }),
  );
  if (job?.result?.kind !== "search" || rewrite.get().model !== model) return;
  const { matches } = job.result;
  const reader = new MaskReader();
  const marks: Record<number, Mask> = {};
  for (const { seed, region } of matches) {
    marks[seed] = await reader.read(region, gridOf(rewrite.get()), imageSize());
  }
  const now = rewrite.get();
  if (now.model !== model) return;
  if (now.rule.context !== rule.context || now.rule.choices.layer !== rule.choices.layer) {
    say("The context was changed meanwhile. Search again.");
    return;
  }
  rewrite.set({ marks });
  if (where === "many") showSeeds(matches.map((match) => match.seed));
  const found = matches.filter(({ seed }) => marks[seed]?.cells.some((weight) => weight > 0));
  say(`${found.length} of ${matches.length} pictures have places like the context.`);
}

/** Get a layer ready in the background; one that was begun before is given up. */
export async function prepare(): Promise<void> {
  await jobs.keys.stop();
  const { model, rule, seeds } = rewrite.get();
  if (!model || !rule.choices.layer) return;
  const near = groupsOf(seeds).slice(0, 4).flat();
  await jobs.keys.follow(() => ruleApi.prepare(model.name, rule.choices.layer, near));
}

export async function measure(context: string, goal: string, images: number): Promise<void> {
  const { model, rule } = rewrite.get();
  if (!model) return;
  const edits = rule.stack.map((entry) => ({ ...entry }));
  const request = { edits, context, goal: goal || null, images };
  const job = await jobs.audit.follow(() => ruleApi.audit(model.name, request));
  const now = rewrite.get();
  if (job?.state === "done" && now.model === model && now.rule.stack === rule.stack)
    rewrite.set({ audit: resultOf("audit", job.result) });
}

export async function advise(concept: string, becomes: string, images: number): Promise<void> {
  const { model, rule } = rewrite.get();
  if (!model) return;
  const request = requestOf(rule, "", imageSize());
  const show = ({ result }: JobInfo) => {
    const advice = resultOf("advice", result);
    if (advice && rewrite.get().model === model) rewrite.set({ advice });
  };
  rewrite.set({ advice: null });
  const start = () =>
    ruleApi.advise(model.name, {
      ...request,
      concept,
      becomes: becomes || null,
      images,
      layers: [],
      ranks: [1, 3, 10],
    });
  await jobs.advice.follow(start, show);
}

export async function saveEdit(entry: Entry): Promise<void> {
  const { model } = rewrite.get();
  if (model)
    await download(
      ruleAddress.file(model.name, entry.rule, entry.name, entry.strength),
      fileNameOf(entry.name),
    );
}

/** Save the rule that is marked as a task, which makes it again in a terminal. */
export async function saveTask(): Promise<void> {
  const { model, rule } = rewrite.get();
  if (!model) return;
  const name = nameOf(rule);
  try {
    const text = await ruleApi.task(model.name, requestOf(rule, name, imageSize()));
    saveBlob(new Blob([text], { type: "application/toml" }), taskNameOf(name));
  } catch (error) {
    complain(problemOf(error));
  }
}

export async function exportModel(format: "safetensors" | "rosinality"): Promise<void> {
  const { model } = rewrite.get();
  if (!model) return;
  const edits = activeOf(installed(rewrite.get()))
    .map((one) => `${one.rule}:${one.strength}`)
    .join(",");
  const ending = format === "safetensors" ? "safetensors" : "pt";
  const saved = download(ruleAddress.export(model.name, edits, format), `${model.name}-edited.${ending}`);
  say("Writing the edited model.");
  if (await saved) toast({ title: "The edited model is saved" });
}

/** Put a saved rule on the stack; one for other weights only where a person insists. */
export async function loadEdit(file: Blob, transfer = false): Promise<void> {
  const { model } = rewrite.get();
  if (!model) return;
  try {
    const info = await ruleApi.load(model.name, file, transfer);
    if (rewrite.get().model !== model) return;
    rewrite.set({ infos: { ...rewrite.get().infos, [info.id]: info } });
    const name = info.name || "Loaded";
    apply((state) => withEdit(state, info.id, name));
    toast({ title: `${name} loaded`, detail: "It is on top of the stack." });
  } catch (error) {
    complainOfEdit(problemOf(error), () => void loadEdit(file, true));
  }
}
