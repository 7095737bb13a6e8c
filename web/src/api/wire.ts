import { inflate, zlibStored } from "../engine/frame";
import type { Branch, Operation, SavedHistory } from "../engine/history";
import { fromBase64, type Mask, toBase64 } from "../engine/mask";
import { kindOf, type Stroke } from "../engine/stroke";
import type { Painting, WireOperation, WireStroke } from "./client";

/** A stroke's settings as the studio takes them, without where. */
export function settingsOf(stroke: Omit<Stroke, "id" | "mask">): Omit<WireStroke, "id" | "region"> {
  const { brush, mode, strength } = stroke;
  return {
    layer: brush.layer,
    concept: brush.concept,
    units: [...brush.units],
    top: brush.top,
    kind: kindOf(brush),
    mode,
    strength,
    value: "quantile",
    ...(brush.values ? { values: [...brush.values] } : {}),
  };
}

export function strokeToWire(stroke: Stroke): WireStroke {
  return { ...settingsOf(stroke), id: stroke.id, region: regionToWire(stroke.mask) };
}

/**
 * Strokes in runs, at least one, each of so few cells that it fits into a message: a long painting of fine strokes does
 * not when the connection comes back and all of it is sent.
 */
export function runs(strokes: readonly Stroke[], cells = 2 ** 23): Stroke[][] {
  let run: Stroke[] = [];
  const all = [run];
  let room = cells;
  for (const stroke of strokes) {
    room -= stroke.mask.cells.length;
    if (room < 0 && run.length > 0) {
      run = [];
      all.push(run);
      room = cells - stroke.mask.cells.length;
    }
    run.push(stroke);
  }
  return all;
}

export const regionToWire = ({ size, cells }: Mask) => ({
  mask: toBase64(zlibStored(cells)),
  height: size,
  width: size,
});

export function operationToWire(operation: Operation): WireOperation {
  if (operation.kind === "stroke") return { kind: "stroke", stroke: strokeToWire(operation.stroke) };
  return { ...operation };
}

/** Regions that are boxes come from recipes; they are drawn onto a grid. */
export async function maskOf(
  region: WireStroke["region"],
  gridSize: number,
  imageSize: number,
): Promise<Mask> {
  if ("box" in region) return boxMask(region.box, gridSize, imageSize);
  const cells = await inflate(fromBase64(region.mask));
  if (region.height === region.width) return { size: region.width, cells };
  throw new Error("this mask is not square");
}

/** The share of each cell that a box in picture pixels covers. */
export function boxMask(box: readonly number[], size: number, imageSize: number): Mask {
  const [x = 0, y = 0, width = 0, height = 0] = box;
  const cells = new Uint8Array(size * size);
  const share = (index: number, start: number, length: number) => {
    const cell = imageSize / size;
    const overlap = Math.min((index + 1) * cell, start + length) - Math.max(index * cell, start);
    return Math.max(0, overlap) / cell;
  };
  cells.forEach((_, index) => {
    const covered = share(Math.floor(index / size), y, height) * share(index % size, x, width);
    cells[index] = Math.round(255 * covered);
  });
  return { size, cells };
}

export interface Grids {
  readonly imageSize: number;
  /** Cells along a side of each layer. */
  readonly layers: Readonly<Record<string, number>>;
}

async function operationFromWire(wire: WireOperation, grids: Grids): Promise<Operation> {
  if (wire.kind === "hide") return { kind: "hide", stroke: wire.stroke, hidden: wire.hidden };
  if (wire.kind === "delete") return { kind: "delete", stroke: wire.stroke };
  if (wire.kind === "reset") return { kind: "reset" };
  if (!wire.stroke) throw new Error("this operation is not known");
  const { id, layer, concept, units, top, mode, strength, region, values } = wire.stroke;
  const mask = await maskOf(region, grids.layers[layer] ?? 16, grids.imageSize);
  const brush = {
    layer,
    concept: concept ?? null,
    units: units ?? [],
    top: top ?? 20,
    ...(values?.length ? { values } : {}),
  };
  return { kind: "stroke", stroke: { id, brush, mode: mode ?? "draw", strength: strength ?? 1, mask } };
}

/** A kept painting as a history. */
export async function historyFromWire(painting: Painting, grids: Grids): Promise<SavedHistory> {
  const read = (list: readonly WireOperation[]) =>
    Promise.all(list.map((one) => operationFromWire(one, grids)));
  const branches: Branch[] = [];
  for (const branch of painting.branches ?? []) {
    branches.push({ at: branch.at, operations: await read(branch.operations) });
  }
  return { operations: await read(painting.operations), cursor: painting.cursor, branches };
}
