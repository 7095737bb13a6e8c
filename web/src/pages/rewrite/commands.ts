import { resized, SCALES } from "../../engine/clip";
import { missing } from "../../engine/rule";
import { shuffle } from "../../engine/seeds";
import { type Action, action, shared } from "../../engine/shortcuts";
import { refusing, toast } from "../../kit";
import { clearDraft, execute, hasDraft, search, showSeeds } from "./actions";
import { jobs, stopFirst } from "./jobs";
import { abort } from "./marking";
import { rewrite, sizes, type Tool, tools } from "./state";
import { apply, book } from "./work";

const group = "Rewrite";
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

function resize(by: number): void {
  apply((state) => {
    const last = state.pastes.at(-1);
    if (!last) return state;
    const scale = clamp(last.scale + by, SCALES.smallest, SCALES.largest);
    return { ...state, pastes: state.pastes.with(-1, { ...last, ...resized(last, scale) }) };
  }, "scale");
}

const thicker = (by: number) =>
  tools.set({ diameter: clamp(tools.get().diameter + by, sizes.smallest, sizes.largest) });

/** Go to the picture before or after the one that has the focus. */
function step(by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>(".wall .tile canvas")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[at < 0 ? 0 : (at + by + all.length) % all.length]?.focus();
}

function others(): void {
  const { seeds } = rewrite.get();
  const start = shuffle(Math.random, seeds.length || 16, seeds[0] ?? 0);
  showSeeds(Array.from({ length: seeds.length || 16 }, (_, index) => start + index));
}

function matches(): void {
  if (rewrite.get().marks) rewrite.set({ marks: null });
  else if (!jobs.search.active) void search("wall", tools.get().among);
}

const tool = (value: Tool, label: string, key: string): Action =>
  action(group, `tool-${value}`, label, key, () => tools.set({ tool: value }), {
    able: () => rewrite.get().rule.goal === "paste" || value === "context" || value === "protect",
  });
const erase = () => tools.set({ erasing: !tools.get().erasing });
const notPasted = () =>
  toast({ title: "Nothing is pasted yet", detail: "Copy something, then paste it over the context." });
const pasted = () => rewrite.get().rule.pastes.length > 0;
const whole = () => missing(rewrite.get().rule) === "" && !jobs.rule.active;
const marked = () => rewrite.get().rule.context.length > 0 && !jobs.search.active;

export const actions: readonly Action[] = [
  tool("context", "Mark the context", "a"),
  tool("copy", "Mark what to copy", "s"),
  tool("paste", "Paste", "v"),
  tool("protect", "Mark what must stay", "f"),
  shared("execute", execute, { able: whole, refuse: execute }),
  action(group, "matches", "Show matches", "m", matches, { able: marked, refuse: matches }),
  shared("draw", () => tools.set({ erasing: false })),
  shared("remove", erase),
  shared("swap", erase),
  shared("smaller", () => thicker(-1)),
  shared("larger", () => thicker(1)),
  shared("weaker", () => resize(-0.1), { label: "Paste smaller", group, able: pasted, refuse: notPasted }),
  shared("stronger", () => resize(0.1), { label: "Paste larger", group, able: pasted, refuse: notPasted }),
  shared("abort", () => abort() || stopFirst() || tools.set({ original: false }), { label: "Stop", group }),
  shared("undo", () => book.undo(), { able: () => book.store.get().canUndo, refuse: refusing("undo") }),
  shared("redo", () => book.redo(), { able: () => book.store.get().canRedo, refuse: refusing("redo") }),
  shared("reset", clearDraft, {
    label: "Clear context and goal",
    group,
    able: hasDraft,
    refuse: refusing("clear"),
  }),
  shared("peek", (pressed) => tools.set({ peek: pressed })),
  shared("original", () => tools.set({ original: !tools.get().original })),
  shared("mask", (pressed) => tools.set({ hideMasks: pressed })),
  shared("next-picture", () => step(1)),
  shared("previous-picture", () => step(-1)),
  shared("shuffle", others),
  shared("find", () => document.getElementById("wall-seeds")?.focus(), { label: "Name pictures" }),
];
