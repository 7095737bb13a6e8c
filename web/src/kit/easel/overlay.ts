import type { Influence } from "../../engine/influence";
import type { Box } from "../../engine/view";
import { twoTone } from "../canvas";

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
  const made = { kept: new Path2D(), dropped: new Path2D(), area: new Path2D() };
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= size || y >= size ? 0 : (cells[y * size + x] ?? 0);
  cells.forEach((number, index) => {
    if (number === 0) return;
    const [x, y] = [index % size, Math.floor(index / size)];
    const path = gone.has(number) ? made.dropped : made.kept;
    if (gone.has(number)) made.area.rect(x, y, 1, 1);
    const side = (fromX: number, fromY: number, toX: number, toY: number) => {
      path.moveTo(fromX, fromY);
      path.lineTo(toX, toY);
    };
    if (at(x, y - 1) !== number) side(x, y, x + 1, y);
    if (at(x, y + 1) !== number) side(x, y + 1, x + 1, y + 1);
    if (at(x - 1, y) !== number) side(x, y, x, y + 1);
    if (at(x + 1, y) !== number) side(x + 1, y, x + 1, y + 1);
  });
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
