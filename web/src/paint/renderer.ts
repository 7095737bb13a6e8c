import { heatMap } from "../engine/difference";
import { conceptColour } from "../engine/palette";
import type { Stroke } from "../engine/stroke";
import { placed, type Size, type Square } from "../engine/view";
import { gridSize, type LookState, type PaintState } from "./state";

/** What surrounds the picture, taken from the page's colours. */
export interface Colours {
  readonly cursor: string;
  readonly grid: string;
}

type Context = CanvasRenderingContext2D;

/** Draw everything that lies on the canvas. `scale` is device pixels for each CSS pixel. */
export function render(
  context: Context,
  canvas: Size,
  scale: number,
  state: PaintState,
  look: LookState,
  colours: Colours,
): void {
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const square = placed(look.view, canvas);
  context.save();
  context.beginPath();
  context.roundRect(square.left, square.top, square.side, square.side, Math.min(10, square.side / 30));
  context.clip();
  drawPicture(context, square, state, look);
  if (!look.hideMask) drawMasks(context, square, state);
  if (look.grid) drawGrid(context, square, gridSize(state), colours);
  drawBrush(context, square, state, look, colours);
  context.restore();
}

function drawPicture(context: Context, square: Square, state: PaintState, look: LookState): void {
  const { picture, original } = state;
  const put = (image: ImageBitmap | OffscreenCanvas | null) => {
    if (image) context.drawImage(image, square.left, square.top, square.side, square.side);
  };
  if (look.peek || look.compare === "original") {
    put(original ?? picture);
    return;
  }
  put(look.compare === "difference" && picture && original ? heat(original, picture) : picture);
  if (look.compare !== "slider" || !original) return;
  context.save();
  context.beginPath();
  context.rect(square.left, square.top, square.side * look.split, square.side);
  context.clip();
  put(original);
  context.restore();
}

function drawMasks(context: Context, square: Square, state: PaintState): void {
  const stroke = state.live ?? state.highlighted;
  if (stroke) drawMask(context, square, stroke, state.live ? 0.28 : 0.5);
}

/** The cells that a stroke covers, each as strong as its weight, with an outline around them. */
export function drawMask(context: Context, square: Square, stroke: Stroke, opacity: number): void {
  const { size, cells } = stroke.mask;
  const cell = square.side / size;
  const at = (column: number, row: number) =>
    column >= 0 && row >= 0 && column < size && row < size && (cells[row * size + column] ?? 0) > 0;
  context.fillStyle = conceptColour(stroke.brush.concept);
  const outline = new Path2D();
  cells.forEach((weight, index) => {
    if (weight === 0) return;
    const [column, row] = [index % size, Math.floor(index / size)];
    const [x, y] = [square.left + column * cell, square.top + row * cell];
    context.globalAlpha = (opacity * weight) / 255;
    context.fillRect(x, y, cell, cell);
    if (!at(column, row - 1)) edge(outline, x, y, x + cell, y);
    if (!at(column, row + 1)) edge(outline, x, y + cell, x + cell, y + cell);
    if (!at(column - 1, row)) edge(outline, x, y, x, y + cell);
    if (!at(column + 1, row)) edge(outline, x + cell, y, x + cell, y + cell);
  });
  context.globalAlpha = 1;
  twoTone(context, outline);
}

function edge(path: Path2D, x: number, y: number, toX: number, toY: number): void {
  path.moveTo(x, y);
  path.lineTo(toX, toY);
}

/** A dark line under a light one is seen on every picture. */
function twoTone(context: Context, path: Path2D): void {
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 0.45)";
  context.stroke(path);
  context.lineWidth = 1.5;
  context.strokeStyle = "rgb(255 255 255 / 0.95)";
  context.stroke(path);
}

function drawGrid(context: Context, square: Square, size: number, colours: Colours): void {
  const path = new Path2D();
  for (let line = 1; line < size; line++) {
    const offset = (line * square.side) / size;
    edge(path, square.left + offset, square.top, square.left + offset, square.top + square.side);
    edge(path, square.left, square.top + offset, square.left + square.side, square.top + offset);
  }
  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.stroke(path);
}

/** The ring under the pointer, and the cell of the keyboard's cursor. */
function drawBrush(
  context: Context,
  square: Square,
  state: PaintState,
  look: LookState,
  colours: Colours,
): void {
  const size = gridSize(state);
  const cell = square.side / size;
  const path = new Path2D();
  if (look.hover && !look.hand && !state.live) {
    const [x, y] = [square.left + look.hover.x * square.side, square.top + look.hover.y * square.side];
    path.arc(x, y, Math.max(4, (state.diameter * cell) / 2), 0, 2 * Math.PI);
  }
  if (look.cursor) {
    const side = cell * Math.max(1, state.diameter);
    const x = square.left + (look.cursor.column + 0.5) * cell - side / 2;
    const y = square.top + (look.cursor.row + 0.5) * cell - side / 2;
    path.rect(x, y, side, side);
    context.fillStyle = colours.cursor;
    context.globalAlpha = 0.25;
    context.fillRect(x, y, side, side);
    context.globalAlpha = 1;
  }
  twoTone(context, path);
}

let heatFor: { a: ImageBitmap; b: ImageBitmap; map: OffscreenCanvas } | null = null;

function heat(original: ImageBitmap, picture: ImageBitmap): OffscreenCanvas | null {
  if (heatFor?.a === original && heatFor.b === picture) return heatFor.map;
  const { width, height } = picture;
  const map = new OffscreenCanvas(width, height);
  const context = map.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  const read = (image: ImageBitmap) => {
    context.drawImage(image, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const before = read(original);
  const data = heatMap(before, read(picture));
  context.putImageData(new ImageData(data, width, height), 0, 0);
  heatFor = { a: original, b: picture, map };
  return map;
}
