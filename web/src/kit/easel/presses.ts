import { islandAt, islandMask } from "../../engine/influence";
import { emptyMask, isEmpty, type Mask, type Point, stamp } from "../../engine/mask";
import type { Store } from "../../engine/store";
import { type Brush, freshId, kindOf, limits, type Stroke } from "../../engine/stroke";
import { BESIDE, type Lack, NO_ISLAND } from "./lacking";
import { gridSize, keepGrid, type PaintState } from "./state";

interface Actions {
  appearance(layer: string, mask: Mask): Promise<Brush>;
  add(stroke: Stroke, said: string): void;
  hide(strokes: readonly string[], said: string): void;
  failed(error: unknown): void;
  lacking(lack: Lack): void;
  say(text: string): void;
}

/** A stroke that limits others sets no units; it has a layer because every stroke has. */
const limiting = (layer: string): Brush => ({ layer, concept: null, units: [], top: 1 });

/** What removes with the chosen brush: of a concept whose brush was learned, and only draws, the causal one. */
function removing({ brush, brushes }: PaintState): Brush | null {
  if (!brush || kindOf(brush) === "causal") return brush;
  const causal = brushes.find((one) => one.concept === brush.concept && one.kind === "causal");
  return causal ? { layer: causal.layer, concept: causal.concept, units: [], top: causal.top } : null;
}

/** What an appearance is picked up from, and in place of what. */
const CHOSEN = ["model", "layer", "seed", "classIndex", "photo", "brush"] as const;

/** The stroke that begins with what is chosen now, its mask empty; null where there is no brush. */
export function newStroke(state: PaintState): Stroke | null {
  const { mode } = state;
  const brush = limits(mode) ? limiting(state.layer) : mode === "remove" ? removing(state) : state.brush;
  if (!brush) return null;
  const size = mode === "keep" ? keepGrid(state) : gridSize({ ...state, layer: brush.layer });
  return { id: freshId(), brush, mode, strength: limits(mode) ? 1 : state.strength, mask: emptyMask(size) };
}

/** What a stroke did, for people who hear it. */
export function strokeSaid({ mode, brush }: Stroke): string {
  if (mode === "keep") return "The photo is kept there.";
  return `${mode === "draw" ? "Drew" : "Removed"} ${brush.concept ?? "units"}.`;
}

/** What is done with one press instead of a stroke: picking up an appearance, dropping an island. */
export class Presses {
  private pressed: Point | null = null;

  constructor(
    private readonly store: Store<PaintState>,
    private readonly actions: Actions,
  ) {}

  /** The pointer went down; false where a stroke begins. */
  begin(point: Point): boolean {
    const { mode, picking } = this.store.get();
    if (mode !== "drop" && !picking) return false;
    this.pressed = point;
    return true;
  }

  end(): void {
    const pressed = this.pressed;
    this.pressed = null;
    if (!pressed) return;
    if (this.store.get().picking) void this.pick(pressed);
    else this.toggleIsland(pressed);
  }

  abort(): void {
    this.pressed = null;
  }

  /** Drop an island of what the strokes influence, or take it back in. */
  setDropped(number: number, dropped: boolean): void {
    const { influence, layer } = this.store.get();
    const island = influence?.islands.find((one) => one.number === number);
    if (!influence || !island || dropped === island.dropped.length > 0) return;
    if (!dropped) {
      this.actions.hide(island.dropped, "Island kept.");
      return;
    }
    const mask = islandMask(influence, number);
    const stroke: Stroke = { id: freshId(), brush: limiting(layer), mode: "drop", strength: 1, mask };
    this.actions.add(stroke, "Island dropped: the photo stays as it was in it.");
  }

  private toggleIsland(point: Point): void {
    const { influence } = this.store.get();
    const island = influence && islandAt(influence, point);
    if (island) this.setDropped(island.number, island.dropped.length === 0);
    else this.actions.lacking(NO_ISLAND);
  }

  /** Take the appearance of a place, as large as the brush, to paint with it, unless something else is chosen first. */
  private async pick(point: Point): Promise<void> {
    const state = this.store.get();
    const mask = emptyMask(gridSize(state));
    stamp(mask, point, state.diameter);
    if (isEmpty(mask)) {
      this.actions.lacking(BESIDE);
      return;
    }
    this.store.set({ picking: false });
    try {
      const brush = await this.actions.appearance(state.layer, mask);
      const now = this.store.get();
      if (CHOSEN.some((key) => now[key] !== state[key])) return;
      this.store.set({ brush, mode: "draw" });
      this.actions.say("Picked up. Paint with it elsewhere.");
    } catch (error) {
      this.actions.failed(error);
    }
  }
}
