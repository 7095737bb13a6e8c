import { heatMap } from "../../engine/difference";
import type { Stroke } from "../../engine/stroke";
import { type Box, type Part, placed, type Size, WHOLE, within } from "../../engine/view";
import { edge, outline, strokeColour, twoTone } from "..";
import { drawInfluence } from "./overlay";
import { type Compare, gridSize, type LookState, type PaintState } from "./state";

/** What surrounds the picture, taken from the page's colours. */
export interface Colours {
  readonly cursor: string;
  readonly grid: string;
}

type Context = CanvasRenderingContext2D;

/** Draw everything that lies on the canvas, which is empty and counts CSS pixels. */
export function render(
  context: Context,
  canvas: Size,
  state: PaintState,
  look: LookState,
  colours: Colours,
): void {
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const box = placed(look.view, canvas, state.shape.aspect);
  const square = within(box, state.shape.square);
  context.save();
  context.beginPath();
  const corner = Math.min(10, Math.min(box.width, box.height) / 30);
  context.roundRect(box.left, box.top, box.width, box.height, corner);
  context.clip();
  drawPicture(context, box, square, state, look);
  if (!same(state.shape.square, WHOLE)) drawFrame(context, square);
  if (look.marked && look.compare === "off" && !look.peek && state.influence)
    drawInfluence(context, square, state.influence);
  if (!look.hideMask) drawMasks(context, square, state);
  if (look.grid) drawGrid(context, square, gridSize(state), colours);
  drawBrush(context, square, state, look, colours);
  context.restore();
}

/** What is shown in place of the painting, or beside it: of what was chosen, what is there by now. */
export function comparedNow({ original, drawn }: PaintState, { compare }: LookState): Compare {
  const there = compare === "features" || compare === "adapted" ? drawn[compare] : original;
  return there ? compare : "off";
}

const same = (a: Part, b: Part) => a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

function drawPicture(context: Context, box: Box, square: Box, state: PaintState, look: LookState): void {
  const { picture, original, drawn } = state;
  const put = (image: ImageBitmap | OffscreenCanvas | null, { left, top, width, height } = box) => {
    if (image) context.drawImage(image, left, top, width, height);
  };
  const now = () => {
    put(state.box ? original : (picture ?? original));
    if (state.box && state.box.width > 0) put(picture, within(box, state.box));
  };
  const generated = drawn[look.compare];
  if (look.peek || look.compare === "original") {
    put(original ?? picture);
  } else if (generated) {
    put(original);
    put(generated, square);
  } else if (look.compare === "difference" && picture && original) {
    put(heat(original, picture, state.box));
  } else {
    now();
  }
  if (look.compare !== "slider" || look.peek || !original) return;
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width * look.split, box.height);
  context.clip();
  put(original);
  context.restore();
}

/** The square that one paints on, where the picture is more than that. */
function drawFrame(context: Context, square: Box): void {
  const path = new Path2D();
  path.rect(square.left, square.top, square.width, square.height);
  context.save();
  context.setLineDash([7, 6]);
  twoTone(context, path);
  context.restore();
}

function drawMasks(context: Context, square: Box, state: PaintState): void {
  const stroke = state.live ?? state.highlighted;
  if (stroke) drawMask(context, square, stroke, state.live ? 0.28 : 0.5);
}

/** The cells that a stroke covers, each as strong as its weight, with an outline around them. */
function drawMask(context: Context, square: Box, stroke: Stroke, opacity: number): void {
  const { size, cells } = stroke.mask;
  const [wide, tall] = [square.width / size, square.height / size];
  context.fillStyle = strokeColour(stroke);
  cells.forEach((weight, index) => {
    if (weight === 0) return;
    context.globalAlpha = (opacity * weight) / 255;
    const [column, row] = [index % size, Math.floor(index / size)];
    context.fillRect(square.left + column * wide, square.top + row * tall, wide, tall);
  });
  context.globalAlpha = 1;
  twoTone(
    context,
    outline(size, (index) => (cells[index] ? 1 : 0), square),
  );
}

function drawGrid(context: Context, square: Box, size: number, colours: Colours): void {
  const path = new Path2D();
  for (let line = 1; line < size; line++) {
    const [across, down] = [(line * square.width) / size, (line * square.height) / size];
    edge(path, square.left + across, square.top, square.left + across, square.top + square.height);
    edge(path, square.left, square.top + down, square.left + square.width, square.top + down);
  }
  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.stroke(path);
}

/** The ring under the pointer, and the cell of the keyboard's cursor. */
function drawBrush(
  context: Context,
  square: Box,
  state: PaintState,
  look: LookState,
  colours: Colours,
): void {
  const size = gridSize(state);
  const [wide, tall] = [square.width / size, square.height / size];
  const path = new Path2D();
  if (look.hover && !look.hand && !state.live && state.mode !== "drop") {
    const [x, y] = [square.left + look.hover.x * square.width, square.top + look.hover.y * square.height];
    const radius = (length: number) => Math.max(4, (state.diameter * length) / 2);
    path.ellipse(x, y, radius(wide), radius(tall), 0, 0, 2 * Math.PI);
  }
  if (look.cursor) {
    const cells = Math.max(1, state.diameter);
    const x = square.left + (look.cursor.column + 0.5 - cells / 2) * wide;
    const y = square.top + (look.cursor.row + 0.5 - cells / 2) * tall;
    path.rect(x, y, cells * wide, cells * tall);
    context.fillStyle = colours.cursor;
    context.globalAlpha = 0.25;
    context.fillRect(x, y, cells * wide, cells * tall);
    context.globalAlpha = 1;
  }
  twoTone(context, path);
}

let heatFor: { a: ImageBitmap; b: ImageBitmap; map: OffscreenCanvas } | null = null;

function heat(original: ImageBitmap, picture: ImageBitmap, part: Part | null): OffscreenCanvas | null {
  if (heatFor?.a === original && heatFor.b === picture) return heatFor.map;
  const { width, height } = part ? original : picture;
  const map = new OffscreenCanvas(width, height);
  const context = map.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  const read = () => context.getImageData(0, 0, width, height).data;
  context.drawImage(original, 0, 0, width, height);
  const before = read();
  const place = within({ left: 0, top: 0, width, height }, part ?? WHOLE);
  if (place.width > 0) context.drawImage(picture, place.left, place.top, place.width, place.height);
  const data = heatMap(before, read());
  context.putImageData(new ImageData(data, width, height), 0, 0);
  heatFor = { a: original, b: picture, map };
  return map;
}
