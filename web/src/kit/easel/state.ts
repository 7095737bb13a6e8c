import type { BrushInfo, LayerInfo, ModelInfo } from "../../api/client";
import type { Connection } from "../../api/socket";
import type { SaveState } from "../../engine/autosave";
import type { Cursor } from "../../engine/cursor";
import type { Influence } from "../../engine/influence";
import type { Point } from "../../engine/mask";
import { Store } from "../../engine/store";
import type { Brush, Mode, Stroke } from "../../engine/stroke";
import { FITTED, type Part, SQUARE } from "../../engine/view";

export type Compare = "off" | "original" | "slider" | "side" | "difference" | "features" | "adapted";

const PAINT = {
  model: null as ModelInfo | null,
  seed: 0,
  /** Class of a conditional generator; null for others. */
  classIndex: null as number | null,
  /** The photo that is painted on; null where it is the picture of a seed. */
  photo: null as string | null,
  shape: SQUARE,
  /** The lowest layer that can be painted at; empty where every layer can. */
  lowest: "",
  layer: "",
  brushes: [] as readonly BrushInfo[],
  /** Objects that no unit of the layer counts for. */
  absent: [] as readonly string[],
  brush: null as Brush | null,
  mode: "draw" as Mode,
  /** The next press on the picture picks the appearance of that place up, to paint with it. */
  picking: false,
  strength: 1,
  /** Diameter of the brush in cells of the layer. */
  diameter: 2,
  /** Counts every change of the history, which itself is not a plain value. */
  version: 0,
  live: null as Stroke | null,
  highlighted: null as Stroke | null,
  picture: null as ImageBitmap | null,
  /** On a photo, which part of it `picture` covers; everything else is the photo's own. */
  box: null as Part | null,
  influence: null as Influence | null,
  original: null as ImageBitmap | null,
  /** What the generator itself draws of a photo, by stage of the inversion. */
  drawn: {} as Readonly<Partial<Record<Compare, ImageBitmap>>>,
  /** Number of the request that `picture` answers, and whether the pointer had been lifted. */
  seq: 0,
  final: true,
  /** Of which state of the painting `picture` is. */
  shown: "",
  units: [] as readonly number[],
  milliseconds: 0,
  connection: "connecting" as Connection,
  save: "new" as SaveState,
  painting: null as string | null,
  firstVisit: false,
};

/** What is painted, and with what. */
export type PaintState = Readonly<typeof PAINT>;
export const paintStore = () => new Store<PaintState>(PAINT);

const LOOK = {
  compare: "off" as Compare,
  peek: false,
  hideMask: false,
  /** Whether what the strokes influence is marked; on photos only. */
  marked: true,
  grid: false,
  /** Where the slider stands: the share of the picture's width that shows the original. */
  split: 0.5,
  view: FITTED,
  hand: false,
  cursor: null as Cursor | null,
  /** Where the pointer hovers, in fractions of the picture; null where it is elsewhere. */
  hover: null as Point | null,
};

/** How it is looked at. */
export type LookState = Readonly<typeof LOOK>;
export const lookStore = () => new Store<LookState>(LOOK);

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
