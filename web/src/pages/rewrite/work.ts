import { ruleApi, type WireWork } from "../../api/rewriting";
import { MaskReader, stateFromWire, stateToWire } from "../../api/ruleWire";
import { Autosave, type Change, type Keep, type SaveState } from "../../engine/autosave";
import { emptyState, type RuleState } from "../../engine/rule";
import { Steps } from "../../engine/steps";
import { offerUndo, say, toast, type Work, whyNotKept } from "../../kit";
import { type RewriteState, rewrite } from "./state";
import { drawWall } from "./wall";

const AGAIN = 3000;

let steps = new Steps<RuleState>([emptyState("")], 1, 1);
let autosave: Autosave<RuleState> | null = null;
/** What the wall shows, as it is kept beside the steps. */
let noted = { seeds: "" };

const current = (): RuleState => steps.now ?? emptyState("");

function show(): void {
  const { canUndo, canRedo } = steps;
  const { rule, audit } = rewrite.get();
  const now = current();
  rewrite.set({ rule: now, canUndo, canRedo, audit: rule.stack === now.stack ? audit : null });
  drawWall();
  save();
}

/** One more step. With a key, quick changes of the same thing become one. */
export function apply(change: (state: RuleState) => RuleState, key = ""): void {
  const next = change(current());
  if (next === steps.now) return;
  steps.push([next], key);
  show();
}

export function undo(): void {
  if (!steps.undo()) return;
  show();
  say("Undone.");
}

export function redo(): void {
  if (!steps.redo()) return;
  show();
  say("Redone.");
}

/** Offer to take the last step back. */
export function undoable(title: string): void {
  const { now } = steps;
  offerUndo(title, undo, () => steps.now === now);
}

/** Until what was done on the model that is left is kept, or cannot be. */
export const settle = async (): Promise<void> => (touched() ? autosave?.flush() : undefined);

/**
 * Take the work on a model as the studio kept it, and with it everything else that is known of the model; false where
 * something else is wanted by the time that its masks are read.
 */
export async function adopt(
  kept: WireWork,
  layer: string,
  known: Pick<RewriteState, "layers"> & Partial<RewriteState>,
  wanted: () => boolean,
): Promise<boolean> {
  const { model } = known;
  if (!model) return false;
  const reader = new MaskReader();
  const size = model.image_size ?? 64;
  const grid = known.layers.find((one) => one.name === layer)?.size ?? 16;
  const states = await Promise.all(kept.steps.map((state) => stateFromWire(state, reader, grid, size)));
  if (!wanted()) return false;
  steps = new Steps(states.length > 0 ? states : [emptyState(layer)], kept.cursor + 1, 1);
  noted = { seeds: kept.seeds };
  const note = noted;
  const revision = kept.revision > 0 ? { id: model.name, revision: kept.revision } : null;
  const mine: Autosave<RuleState> = new Autosave(
    steps,
    shelf(model.name, size, note),
    (state) => autosave === mine && report(state),
    { kept: revision, note: () => note.seeds },
  );
  autosave = mine;
  const now = current();
  rewrite.set({
    ...known,
    rule: now,
    canUndo: steps.canUndo,
    canRedo: steps.canRedo,
    infos: Object.fromEntries(kept.rules.map((info) => [info.id, info])),
    madeFor: now.making ? now.pastes : null,
    save: mine.state,
  });
  return true;
}

/** Where the work on a model is kept: the studio's store. */
function shelf(model: string, size: number, note: { seeds: string }): Keep<RuleState> {
  const send = async (revision: number, { keep, append, cursor }: Change<RuleState>) => {
    const wire = append.map((state) => stateToWire(state, size));
    const { seeds } = note;
    const kept = await ruleApi.step(model, { revision, keep, append: wire, cursor: cursor - 1, seeds });
    return { id: model, revision: kept.revision };
  };
  return {
    create: (append, cursor) => send(0, { keep: 0, append, cursor }),
    step: ({ revision }, change) => send(revision, change),
    reason: whyNotKept,
  };
}

const touched = (): boolean => Boolean(autosave?.id) || steps.steps.length > 1;

/** Keep everything that was done; what nobody has touched is not kept. */
export function save(): void {
  noted.seeds = rewrite.get().seedText;
  if (touched()) autosave?.changed();
}

function report(state: SaveState): void {
  rewrite.set({ save: state });
  if (state === "offline") setTimeout(() => void autosave?.retry(), AGAIN);
  if (state === "conflict")
    toast({
      title: "Open in another tab",
      detail: "Changes in this tab are no longer saved.",
      bad: true,
      action: { label: "Load again", run: () => location.reload() },
    });
}

export const work: Work = { store: rewrite, retry: async () => autosave?.retry() };
