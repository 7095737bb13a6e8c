import { ProblemError, problemOf } from "../../api/client";
import { ruleApi, type WireWork } from "../../api/rewriting";
import { MaskReader, stateFromWire, stateToWire } from "../../api/ruleWire";
import { emptyState, type RuleState } from "../../engine/rule";
import { Timeline } from "../../engine/timeline";
import { complain, say, toast, toastUndo } from "../../kit/messages";
import { imageSize, type RewriteState, rewrite } from "./state";

let timeline = new Timeline<RuleState>([emptyState("")], 0);
let kept: { steps: readonly RuleState[]; cursor: number; seeds: string; revision: number } = {
  steps: [],
  cursor: 0,
  seeds: "",
  revision: 0,
};
let saving: Promise<void> | null = null;

function show(): void {
  const { canUndo, canRedo, now } = timeline;
  const { rule, audit } = rewrite.get();
  rewrite.set({ rule: now, canUndo, canRedo, audit: rule.stack === now.stack ? audit : null });
  void save();
}

/** One more step. With a key, quick changes of the same thing become one. */
export function apply(change: (state: RuleState) => RuleState, key = ""): void {
  const next = change(timeline.now);
  if (next === timeline.now) return;
  timeline.push(next, key);
  show();
}

export function undo(): void {
  if (timeline.undo()) {
    show();
    say("Undone.");
  }
}

/** Offer to take the last step back. */
export function undoable(title: string): void {
  const { now } = timeline;
  toastUndo(title, () => timeline.now === now, undo);
}

export function redo(): void {
  if (timeline.redo()) {
    show();
    say("Done again.");
  }
}

/** Take the work on a model as the studio kept it, and with it everything else that is known of the model. */
export async function adopt(
  work: WireWork,
  layer: string,
  known: Pick<RewriteState, "model" | "layers"> & Partial<RewriteState>,
): Promise<void> {
  const reader = new MaskReader();
  const size = known.model?.image_size ?? 64;
  const grid = known.layers.find((one) => one.name === layer)?.size ?? 16;
  const steps = await Promise.all(work.steps.map((state) => stateFromWire(state, reader, grid, size)));
  timeline = new Timeline<RuleState>(steps.length > 0 ? steps : [emptyState(layer)], work.cursor);
  kept = { steps, cursor: work.cursor, seeds: work.seeds, revision: work.revision };
  const { canUndo, canRedo, now } = timeline;
  rewrite.set({
    ...known,
    rule: now,
    canUndo,
    canRedo,
    infos: Object.fromEntries(work.rules.map((info) => [info.id, info])),
    madeFor: now.making ? now.pastes : null,
    save: work.revision > 0 ? "saved" : "new",
  });
}

/** Keep everything that was done; one save is under way at a time. */
export function save(): Promise<void> {
  saving ??= run().finally(() => {
    saving = null;
  });
  return saving;
}

async function run(): Promise<void> {
  for (;;) {
    const { model, seedText: seeds, save: state } = rewrite.get();
    const steps = timeline.steps;
    const change = timeline.since(kept.steps, kept.cursor);
    const untouched = kept.revision === 0 && timeline.steps.length === 1;
    if (!model || state === "conflict" || untouched || (!change && seeds === kept.seeds)) return;
    rewrite.set({ save: "saving" });
    const { keep, append, cursor } = change ?? { keep: steps.length, append: [], cursor: timeline.cursor };
    try {
      const wire = append.map((one) => stateToWire(one, imageSize()));
      const { revision } = await ruleApi.step(model.name, {
        revision: kept.revision,
        keep,
        append: wire,
        cursor,
        seeds,
      });
      if (rewrite.get().model?.name !== model.name) return;
      kept = { steps, cursor, seeds, revision };
      rewrite.set({ save: "saved" });
    } catch (error) {
      refuse(error);
      return;
    }
  }
}

function refuse(error: unknown): void {
  const status = error instanceof ProblemError ? error.status : -1;
  if (status === 0) {
    rewrite.set({ save: "offline" });
    setTimeout(() => rewrite.get().save === "offline" && void save(), 3000);
    return;
  }
  rewrite.set({ save: status === 409 ? "conflict" : "failed" });
  if (status === 409)
    toast({
      title: "Open in another tab",
      detail: "What is done here is not kept any more.",
      bad: true,
      action: { label: "Load again", run: () => location.reload() },
    });
  else complain(problemOf(error));
}
