import { ruleApi, type WireWork } from "../../api/rewriting";
import { MaskReader, stateFromWire, stateToWire } from "../../api/ruleWire";
import type { Keep } from "../../engine/autosave";
import { emptyState, type RuleState } from "../../engine/rule";
import { keptByRevision, Workbook } from "../../kit";
import { type RewriteState, rewrite } from "./state";
import { drawWall } from "./wall";

/** The work on a model; what the wall shows is kept beside it. */
export const book = new Workbook<RuleState>(
  () => emptyState(""),
  (now) => {
    const { rule, audit } = rewrite.get();
    rewrite.set({ rule: now, audit: rule.stack === now.stack ? audit : null });
    drawWall();
    save();
  },
);

export const apply = (change: (state: RuleState) => RuleState, key = ""): void => book.apply(change, key);

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
  const read = await Promise.all(kept.steps.map((state) => stateFromWire(state, reader, grid, size)));
  if (!wanted()) return false;
  const steps = read.length > 0 ? read : [emptyState(layer)];
  book.adopt(model.name, { ...kept, steps, note: kept.seeds }, (note) => shelf(model.name, size, note));
  rewrite.set({
    ...known,
    rule: book.now,
    infos: Object.fromEntries(kept.rules.map((info) => [info.id, info])),
    madeFor: book.now.making ? book.now.pastes : null,
  });
  return true;
}

/** Where the work on a model is kept: the studio's store. */
function shelf(model: string, size: number, note: () => string): Keep<RuleState> {
  return keptByRevision(model, (revision, { keep, append, cursor }) => {
    const wire = append.map((state) => stateToWire(state, size));
    return ruleApi.step(model, { revision, keep, append: wire, cursor: cursor - 1, seeds: note() });
  });
}

/** Keep what the wall shows. */
export const save = (): void => book.note(rewrite.get().seedText);
