import { through } from "./frame";
import { fromBase64, toBase64 } from "./mask";
import { type BrushKind, freshId, type Mode, type Stroke } from "./stroke";

/** Strokes as plain JSON: what goes into a link and into the saved work. */
export interface PackedStroke {
  readonly layer: string;
  readonly concept: string | null;
  readonly units: readonly number[];
  readonly mode: Mode;
  readonly strength: number;
  readonly size: number;
  readonly cells: string;
  readonly top: number;
  /** Causal where it is left out. */
  readonly kind?: BrushKind;
  /** What each unit becomes, where that was picked up from the picture. */
  readonly values?: readonly number[];
}

export function packStroke(stroke: Stroke): PackedStroke {
  return {
    layer: stroke.brush.layer,
    concept: stroke.brush.concept,
    units: stroke.brush.units,
    mode: stroke.mode,
    strength: stroke.strength,
    size: stroke.mask.size,
    cells: toBase64(stroke.mask.cells),
    top: stroke.brush.top,
    ...(stroke.brush.kind ? { kind: stroke.brush.kind } : {}),
    ...(stroke.brush.values ? { values: stroke.brush.values } : {}),
  };
}

const KINDS: readonly BrushKind[] = ["causal", "learned", "obedient"];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isUnits = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 4096 && value.every((unit) => Number.isInteger(unit) && unit >= 0);

const isValues = (value: unknown, count: number): value is number[] =>
  Array.isArray(value) && value.length === count && value.every((one) => Number.isFinite(one));

/** Read one stroke from something foreign; null where it is none. */
export function unpackStroke(value: unknown): Stroke | null {
  if (!isRecord(value)) return null;
  const { layer, concept, units, mode, strength, size, cells, top, kind, values } = value;
  if (typeof layer !== "string" || !(concept === null || typeof concept === "string") || !isUnits(units))
    return null;
  if (mode !== "draw" && mode !== "remove") return null;
  if (typeof strength !== "number" || !(strength >= 0 && strength <= 10)) return null;
  if (typeof size !== "number" || !Number.isInteger(size) || size < 1 || size > 1024) return null;
  if (typeof cells !== "string" || typeof top !== "number" || !Number.isInteger(top) || top < 1) return null;
  if (kind !== undefined && !KINDS.includes(kind as BrushKind)) return null;
  if (values !== undefined && !isValues(values, units.length)) return null;
  try {
    const bytes = fromBase64(cells);
    if (bytes.length !== size * size) return null;
    const known = kind === undefined ? {} : { kind: kind as BrushKind };
    const brush = { layer, concept, units, top, ...known, ...(values ? { values } : {}) };
    return { id: freshId(), brush, mode, strength, mask: { size, cells: bytes } };
  } catch {
    return null;
  }
}

/** Strokes as a short text that fits into an address. */
export async function toLink(strokes: readonly Stroke[]): Promise<string> {
  if (strokes.length === 0) return "";
  const text = new TextEncoder().encode(JSON.stringify(strokes.map(packStroke)));
  const packed = await through(text, new CompressionStream("deflate-raw"));
  return toBase64(packed).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Strokes from an address; null where it is damaged. */
export async function fromLink(text: string): Promise<Stroke[] | null> {
  try {
    const packed = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
    const json = await through(packed, new DecompressionStream("deflate-raw"));
    const list: unknown = JSON.parse(new TextDecoder().decode(json));
    if (!Array.isArray(list) || list.length > 5000) return null;
    const strokes = list.map(unpackStroke);
    return strokes.every((stroke) => stroke !== null) ? strokes : null;
  } catch {
    return null;
  }
}
