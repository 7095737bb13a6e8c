import type { BrushInfo, LayerInfo, ModelInfo } from "../../api/client";
import type { Connection } from "../../api/socket";
import type { SaveState } from "../../engine/autosave";
import type { Cursor } from "../../engine/cursor";
import type { Influence } from "../../engine/influence";
import { Store } from "../../engine/store";
import type { Brush, Mode, Stroke } from "../../engine/stroke";
import { FITTED, type Part, type Shape, SQUARE, type View } from "../../engine/view";

/** What is painted, and with what. */
export interface PaintState {
  readonly model: ModelInfo | null;
  readonly seed: number;
  /** Class of a conditional generator; null for others. */
  readonly classIndex: number | null;
  /** The photo that is painted on; null where it is the picture of a seed. */
  readonly photo: string | null;
  readonly shape: Shape;
  /** The lowest layer that can be painted at; empty where every layer can. */
  readonly lowest: string;
  readonly layer: string;
  readonly brushes: readonly BrushInfo[];
  /** Objects that no unit of the layer counts for. */
  readonly absent: readonly string[];
  readonly brush: Brush | null;
  readonly mode: Mode;
  /** The next press on the picture picks the appearance of that place up, to paint with it. */
  readonly picking: boolean;
  readonly strength: number;
  /** Diameter of the brush in cells of the layer. */
  readonly diameter: number;
  /** Counts every change of the history, which itself is not a plain value. */
  readonly version: number;
  readonly live: Stroke | null;
  readonly highlighted: Stroke | null;
  readonly picture: ImageBitmap | null;
  /** On a photo, which part of it `picture` covers; everything else is the photo's own. */
  readonly box: Part | null;
  readonly influence: Influence | null;
  readonly original: ImageBitmap | null;
  /** What the generator itself draws of a photo, by stage of the inversion. */
  readonly drawn: Readonly<Partial<Record<Compare, ImageBitmap>>>;
  /** Number of the request that `picture` answers, and whether the pointer had been lifted. */
  readonly seq: number;
  readonly final: boolean;
  readonly units: readonly number[];
  readonly milliseconds: number;
  readonly drawing: boolean;
  readonly connection: Connection;
  readonly save: SaveState;
  readonly painting: string | null;
  readonly firstVisit: boolean;
}

export const COMPARE = ["off", "original", "slider", "side", "difference", "features", "adapted"] as const;
export type Compare = (typeof COMPARE)[number];

/** How it is looked at. */
export interface LookState {
  readonly compare: Compare;
  readonly peek: boolean;
  readonly hideMask: boolean;
  /** Whether what the strokes influence is marked; on photos only. */
  readonly marked: boolean;
  readonly grid: boolean;
  /** Where the slider stands: the share of the picture's width that shows the original. */
  readonly split: number;
  readonly view: View;
  readonly hand: boolean;
  readonly cursor: Cursor | null;
  /** Where the pointer hovers, in fractions of the picture; null where it is elsewhere. */
  readonly hover: { readonly x: number; readonly y: number } | null;
}

export const paintStore = () =>
  new Store<PaintState>({
    model: null,
    seed: 0,
    classIndex: null,
    photo: null,
    shape: SQUARE,
    lowest: "",
    layer: "",
    brushes: [],
    absent: [],
    brush: null,
    mode: "draw",
    picking: false,
    strength: 1,
    diameter: 2,
    version: 0,
    live: null,
    highlighted: null,
    picture: null,
    box: null,
    influence: null,
    drawn: {},
    original: null,
    seq: 0,
    final: true,
    units: [],
    milliseconds: 0,
    drawing: false,
    connection: "connecting",
    save: "new",
    painting: null,
    firstVisit: false,
  });

export const lookStore = () =>
  new Store<LookState>({
    compare: "off",
    peek: false,
    hideMask: false,
    marked: true,
    grid: false,
    split: 0.5,
    view: FITTED,
    hand: false,
    cursor: null,
    hover: null,
  });

/** Cells along a side of the layer that is painted at. */
export function gridSize(state: Pick<PaintState, "model" | "layer">): number {
  return state.model?.layers.find((layer) => layer.name === state.layer)?.size ?? 16;
}

const FINEST_KEEP = 128;

/** Cells along a side of a mask that keeps the photo: as fine as the picture, for it moves no units. */
export function keepGrid(state: Pick<PaintState, "model" | "layer">): number {
  return Math.max(gridSize(state), Math.min(FINEST_KEEP, state.model?.image_size ?? FINEST_KEEP));
}

/** The layers that can be painted at. */
export function paintableLayers(state: Pick<PaintState, "model" | "lowest">) {
  const layers = state.model?.layers.filter((one) => one.size > 0) ?? [];
  const lowest = layers.findIndex((one) => one.name === state.lowest);
  return layers.slice(Math.max(0, lowest));
}

/** A layer to choose, and whether its units are known. */
export const layerChoice = ({ name, size, dissected }: LayerInfo) => ({
  value: name,
  label: `${name} · ${size} × ${size}${dissected ? "" : " · no brushes yet"}`,
});
