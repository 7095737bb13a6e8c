import type { Influence } from "../../engine/influence";
import type { Box } from "../../engine/view";
import { outline, twoTone } from "..";

type Context = CanvasRenderingContext2D;

interface Traced {
  readonly kept: Path2D;
  readonly dropped: Path2D;
  readonly area: Path2D;
}

const traced = new WeakMap<Influence, Traced>();

/** The outlines of what strokes influence, in cells; made once for each picture. */
function trace(influence: Influence): Traced {
  const known = traced.get(influence);
  if (known) return known;
  const { size, cells, islands } = influence;
  const gone = new Set(islands.filter((island) => island.dropped.length > 0).map((island) => island.number));
  const box = { left: 0, top: 0, width: size, height: size };
  const of = (dropped: boolean) => (index: number) => {
    const number = cells[index] ?? 0;
    return gone.has(number) === dropped ? number : 0;
  };
  const area = new Path2D();
  cells.forEach((number, index) => {
    if (gone.has(number)) area.rect(index % size, Math.floor(index / size), 1, 1);
  });
  const made = { kept: outline(size, of(false), box), dropped: outline(size, of(true), box), area };
  traced.set(influence, made);
  return made;
}

/** Mark what strokes influence: a line around what is kept, a dashed one and a veil over what was dropped. */
export function drawInfluence(context: Context, square: Box, influence: Influence): void {
  const { kept, dropped, area } = trace(influence);
  const matrix = new DOMMatrix([
    square.width / influence.size,
    0,
    0,
    square.height / influence.size,
    square.left,
    square.top,
  ]);
  const onCanvas = (path: Path2D) => {
    const placed = new Path2D();
    placed.addPath(path, matrix);
    return placed;
  };
  twoTone(context, onCanvas(kept), 0.75);
  context.fillStyle = "rgb(15 10 30 / 0.4)";
  context.fill(onCanvas(area));
  context.setLineDash([4, 4]);
  twoTone(context, onCanvas(dropped), 0.75);
  context.setLineDash([]);
}
