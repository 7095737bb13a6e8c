import { cellsOf, type Placement } from "../../engine/clip";
import type { Cursor } from "../../engine/cursor";
import { bounds, type Mask } from "../../engine/mask";
import { outline } from "../../kit";

const INKS = ["context", "protect", "copy", "paste", "match"] as const;

/** Colours of what is marked; they come from the style sheet, so that both themes have their own. */
export function inksOf(element: Element): Readonly<Record<(typeof INKS)[number], string>> {
  const style = getComputedStyle(element);
  const [context = "", protect = "", copy = "", paste = "", match = ""] = INKS.map((name) =>
    style.getPropertyValue(`--ink-${name}`).trim(),
  );
  return { context, protect, copy, paste, match };
}

const HALF = 100;

const stencils = new WeakMap<Mask, Map<string, HTMLCanvasElement>>();

/** The mask as a picture of one colour whose opacity is the weight. */
function stencil(mask: Mask, colour: string): HTMLCanvasElement {
  const known = stencils.get(mask) ?? new Map<string, HTMLCanvasElement>();
  stencils.set(mask, known);
  const made = known.get(colour);
  if (made) return made;
  const { size, cells } = mask;
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext("2d");
  if (context) {
    const image = new ImageData(size, size);
    cells.forEach((weight, index) => {
      image.data[4 * index + 3] = weight;
    });
    context.putImageData(image, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(0, 0, size, size);
  }
  known.set(colour, canvas);
  return canvas;
}

/** A marked region: a tint that lets the picture through, and a border that is seen on any ground. */
export function drawMask(
  to: CanvasRenderingContext2D,
  mask: Mask,
  side: number,
  colour: string,
  { fill = 0.42, dashed = false }: { fill?: number; dashed?: boolean } = {},
): void {
  to.save();
  if (fill > 0) {
    to.imageSmoothingEnabled = false;
    to.globalAlpha = fill;
    to.drawImage(stencil(mask, colour), 0, 0, side, side);
    to.globalAlpha = 1;
  }
  const half = (index: number) => ((mask.cells[index] ?? 0) >= HALF ? 1 : 0);
  const path = outline(mask.size, half, { left: 0, top: 0, width: side, height: side });
  to.lineCap = "square";
  to.strokeStyle = "rgb(0 0 0 / 0.55)";
  const thin = side < 100 ? 0.6 : 1;
  to.lineWidth = 3.5 * thin;
  to.stroke(path);
  if (dashed) to.setLineDash([5, 3]);
  to.strokeStyle = colour;
  to.lineWidth = 1.75 * thin;
  to.stroke(path);
  to.restore();
}

/** What is pasted, cut out of the picture that it comes from. */
export function drawClip(
  to: CanvasRenderingContext2D,
  picture: HTMLImageElement | null,
  placement: Placement,
  side: number,
  colour: string,
  filled: boolean,
): void {
  const box = bounds(placement.mask);
  if (!box) return;
  const { size } = placement.mask;
  const cell = side / size;
  const at = cellsOf(placement);
  const [x, y, width, height] = [at.x * cell, at.y * cell, at.width * cell, at.height * cell];
  to.save();
  if (filled && picture) {
    const cut = document.createElement("canvas");
    cut.width = Math.max(1, Math.round(box.width * cell));
    cut.height = Math.max(1, Math.round(box.height * cell));
    const inner = cut.getContext("2d");
    if (inner) {
      const shift = [-box.x * cell, -box.y * cell] as const;
      inner.drawImage(picture, ...shift, side, side);
      inner.globalCompositeOperation = "destination-in";
      inner.drawImage(stencil(placement.mask, "black"), ...shift, side, side);
    }
    to.drawImage(cut, x, y, width, height);
  }
  to.lineWidth = 3.5;
  to.strokeStyle = "rgb(0 0 0 / 0.55)";
  to.strokeRect(x, y, width, height);
  to.setLineDash([5, 3]);
  to.lineWidth = 1.75;
  to.strokeStyle = colour;
  to.strokeRect(x, y, width, height);
  to.restore();
}

/** The cell that the keyboard stands on, as wide as the brush. */
export function drawCursor(
  to: CanvasRenderingContext2D,
  cursor: Cursor,
  size: number,
  diameter: number,
  side: number,
): void {
  const cell = side / size;
  to.save();
  to.beginPath();
  const radius = Math.max(cell * 0.6, (cell * diameter) / 2);
  to.arc((cursor.column + 0.5) * cell, (cursor.row + 0.5) * cell, radius, 0, 2 * Math.PI);
  to.strokeStyle = "rgb(0 0 0 / 0.7)";
  to.lineWidth = 4;
  to.stroke();
  to.strokeStyle = "white";
  to.lineWidth = 2;
  to.stroke();
  to.restore();
}

const images = new Map<string, HTMLImageElement>();

/** The picture behind an address once it can be drawn; calls back when it comes later. */
export function imageOf(url: string | undefined, ready: () => void): HTMLImageElement | null {
  if (!url) return null;
  let image = images.get(url);
  if (!image) {
    image = new Image();
    image.src = url;
    if (images.size > 600) images.clear();
    images.set(url, image);
  }
  if (image.complete) return image;
  image.addEventListener("load", ready, { once: true });
  return null;
}
