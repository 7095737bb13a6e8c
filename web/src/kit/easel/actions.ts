import { type Action, action, shared } from "../../engine/shortcuts";
import { FITTED, zoomAt } from "../../engine/view";
import { offerUndo, refusing } from "..";
import { groupsOf } from "./brushKinds";
import { brushOf, type Easel } from "./easel";
import { copyCommand } from "./keeping";
import type { Painter } from "./painter";
import type { Compare } from "./state";

export const sizes = { smallest: 1, largest: 8 };

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

function nextBrush({ paint }: Easel, by: number): void {
  const { brushes, brush } = paint.get();
  const groups = groupsOf(brushes);
  const at = groups.findIndex((one) => one.best.concept === brush?.concept);
  const next = groups[(at + by + groups.length) % Math.max(1, groups.length)];
  if (next) paint.set({ brush: brushOf(next.best), layer: next.best.layer });
}

function undoable(painter: Painter, title: string): void {
  const { history } = painter;
  const { steps, cursor } = history;
  const unchanged = () => painter.history === history && history.steps === steps && history.cursor === cursor;
  offerUndo(title, painter.undo, unchanged);
}

export function resetPainting(painter: Painter): void {
  if (painter.history.placed.length === 0) return;
  painter.reset();
  undoable(painter, "All strokes removed");
}

export function deleteStroke(painter: Painter, id: string): void {
  painter.remove(id);
  undoable(painter, "Stroke deleted");
}

export const toggle = ({ look }: Easel, mode: Compare) =>
  look.set({ compare: look.get().compare === mode ? "off" : mode });

function zoom({ look }: Easel, factor: number): void {
  const canvas = document.querySelector<HTMLCanvasElement>("[data-testid=canvas]");
  if (!canvas) return;
  const size = { width: canvas.clientWidth, height: canvas.clientHeight };
  look.set({ view: zoomAt(look.get().view, size, factor, size.width / 2, size.height / 2) });
}

function abort(easel: Easel): void {
  if (easel.stopStroke()) return;
  easel.paint.set({ picking: false });
  easel.look.set({ compare: "off" });
}

/** What is done with the brush. */
function brushActions(easel: Easel): Action[] {
  const { paint, painter } = easel;
  const group = "Paint";
  const thicker = (by: number) =>
    paint.set({ diameter: clamp(paint.get().diameter + by, sizes.smallest, sizes.largest) });
  const stronger = (by: number) =>
    paint.set({ strength: Math.round(clamp(paint.get().strength + by, 0, 1) * 100) / 100 });
  const flip = () => paint.set({ mode: paint.get().mode === "draw" ? "remove" : "draw" });
  const pick = () => paint.set({ picking: !paint.get().picking });
  const many = () => paint.get().brushes.length > 1;
  return [
    shared("draw", () => paint.set({ mode: "draw" })),
    shared("remove", () => paint.set({ mode: "remove" })),
    shared("swap", flip),
    action(group, "pick", "Copy the appearance of a place", "y", pick),
    shared("smaller", () => thicker(-1), { able: () => paint.get().diameter > sizes.smallest }),
    shared("larger", () => thicker(1), { able: () => paint.get().diameter < sizes.largest }),
    shared("weaker", () => stronger(-0.1), { able: () => paint.get().strength > 0 }),
    shared("stronger", () => stronger(0.1), { able: () => paint.get().strength < 1 }),
    action(group, "next-brush", "Next brush", ".", () => nextBrush(easel, 1), { able: many }),
    action(group, "previous-brush", "Previous brush", ",", () => nextBrush(easel, -1), { able: many }),
    shared("abort", () => abort(easel)),
    shared("undo", painter.undo, { able: () => painter.history.canUndo, refuse: refusing("undo") }),
    shared("redo", painter.redo, { able: () => painter.history.canRedo, refuse: refusing("redo") }),
    shared("reset", () => resetPainting(painter), {
      able: () => painter.history.placed.length > 0,
      refuse: refusing("remove"),
    }),
  ];
}

/** How the picture is looked at. */
function lookActions(easel: Easel): Action[] {
  const { look } = easel;
  const group = "Look";
  const hand = (pressed: boolean) => look.set({ hand: pressed });
  const grid = () => look.set({ grid: !look.get().grid });
  return [
    shared("peek", (pressed) => look.set({ peek: pressed })),
    shared("original", () => toggle(easel, "original")),
    action(group, "compare", "Compare before and after", "c", () => toggle(easel, "slider")),
    shared("mask", (pressed) => look.set({ hideMask: pressed })),
    action(group, "grid", "Show or hide the cells of the layer", "g", grid),
    action(group, "fit", "Fit the picture", "0", () => look.set({ view: FITTED })),
    action(group, "zoom-in", "Zoom in", "z", () => zoom(easel, 1.25)),
    action(group, "zoom-out", "Zoom out", "Shift+z", () => zoom(easel, 0.8)),
    action(group, "hand", "Move the picture while held", "Space", hand, { hold: true }),
  ];
}

/** What can be done wherever one paints. */
export const easelActions = (easel: Easel): Action[] => [...brushActions(easel), ...lookActions(easel)];

/** What goes elsewhere with a painting, in the menu beside it. */
export function copyActions(easel: Easel, copyLink: () => unknown): Action[] {
  const group = "Share";
  const copied = (kind: "cli" | "python") => () => copyCommand(easel, kind);
  return [
    action(group, "copy-link", "Copy a link to this", "", copyLink, { icon: "link" }),
    action(group, "copy-cli", "Copy as command line", "", copied("cli"), { icon: "code" }),
    action(group, "copy-python", "Copy as Python", "", copied("python"), { icon: "code" }),
  ];
}
