import { useEffect } from "preact/hooks";
import { neighbour, shuffle } from "../../engine/seeds";
import { FITTED, zoomAt } from "../../engine/view";
import { exportPng } from "../../pages/paint/exporting";
import { openSeed, paint, easel as paintEasel } from "../../pages/paint/session";
import { provide } from "../actions";
import { toastUndo } from "../messages";
import { brushOf, type Easel } from "./easel";
import type { Painter } from "./painter";
import type { Compare } from "./state";

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

export const sizes = { smallest: 1, largest: 8 };

function changeSize({ paint }: Easel, by: number): void {
  paint.set({ diameter: clamp(paint.get().diameter + by, sizes.smallest, sizes.largest) });
}

function changeStrength({ paint }: Easel, by: number): void {
  paint.set({ strength: Math.round(clamp(paint.get().strength + by, 0, 1) * 100) / 100 });
}

function nextBrush({ paint }: Easel, by: number): void {
  const { brushes, brush } = paint.get();
  const at = brushes.findIndex((one) => one.concept === brush?.concept);
  const next = brushes[(at + by + brushes.length) % Math.max(1, brushes.length)];
  if (next) paint.set({ brush: brushOf(next.concept, next.layer, next.top) });
}

function undoable(painter: Painter, title: string): void {
  const { history } = painter;
  const { operations, cursor } = history;
  const unchanged = () =>
    painter.history === history && history.operations === operations && history.cursor === cursor;
  toastUndo(title, unchanged, painter.undo);
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

const toggle = ({ look }: Easel, mode: Compare) =>
  look.set({ compare: look.get().compare === mode ? "off" : mode });

function zoom({ look }: Easel, factor: number): void {
  const canvas = document.querySelector<HTMLCanvasElement>("[data-testid=canvas]");
  if (!canvas) return;
  const size = { width: canvas.clientWidth, height: canvas.clientHeight };
  look.set({ view: zoomAt(look.get().view, size, factor, size.width / 2, size.height / 2) });
}

export const shuffleTo = () => void openSeed(shuffle(Math.random, 1, paint.get().seed));

/** What the keys do wherever one paints. */
export function easelActions(easel: Easel): Readonly<Record<string, (pressed: boolean) => void>> {
  const { paint, look, painter } = easel;
  return {
    draw: () => paint.set({ mode: "draw" }),
    remove: () => paint.set({ mode: "remove" }),
    pick: () => paint.set({ picking: !paint.get().picking }),
    swap: () => paint.set({ mode: paint.get().mode === "draw" ? "remove" : "draw" }),
    smaller: () => changeSize(easel, -1),
    larger: () => changeSize(easel, 1),
    weaker: () => changeStrength(easel, -0.1),
    stronger: () => changeStrength(easel, 0.1),
    "next-brush": () => nextBrush(easel, 1),
    "previous-brush": () => nextBrush(easel, -1),
    abort: () => {
      if (easel.stopStroke()) return;
      paint.set({ picking: false });
      look.set({ compare: "off" });
    },
    undo: painter.undo,
    redo: painter.redo,
    reset: () => resetPainting(painter),
    peek: (pressed) => look.set({ peek: pressed }),
    mask: (pressed) => look.set({ hideMask: pressed }),
    original: () => toggle(easel, "original"),
    compare: () => toggle(easel, "slider"),
    grid: () => look.set({ grid: !look.get().grid }),
    fit: () => look.set({ view: FITTED }),
    "zoom-in": () => zoom(easel, 1.25),
    "zoom-out": () => zoom(easel, 0.8),
    hand: (pressed) => look.set({ hand: pressed }),
  };
}

/** What the keys do while the page Paint is shown. */
export function usePaintActions(): void {
  useEffect(
    () =>
      provide({
        ...easelActions(paintEasel),
        export: () => void exportPng(),
        "next-picture": () => void openSeed(neighbour(paint.get().seed, 1)),
        "previous-picture": () => void openSeed(neighbour(paint.get().seed, -1)),
        shuffle: shuffleTo,
      }),
    [],
  );
}
