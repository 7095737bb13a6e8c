import type { Box } from "../engine/view";

/** The borders between cells that differ, around every cell that is not 0, on a grid that fills a box. */
export function outline(size: number, cells: (index: number) => number, box: Box): Path2D {
  const path = new Path2D();
  const [wide, tall] = [box.width / size, box.height / size];
  const at = (column: number, row: number) =>
    column < 0 || row < 0 || column >= size || row >= size ? 0 : cells(row * size + column);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const own = at(column, row);
      if (own === 0) continue;
      const [x, y] = [box.left + column * wide, box.top + row * tall];
      if (at(column, row - 1) !== own) edge(path, x, y, x + wide, y);
      if (at(column, row + 1) !== own) edge(path, x, y + tall, x + wide, y + tall);
      if (at(column - 1, row) !== own) edge(path, x, y, x, y + tall);
      if (at(column + 1, row) !== own) edge(path, x + wide, y, x + wide, y + tall);
    }
  }
  return path;
}

export function edge(path: Path2D, x: number, y: number, toX: number, toY: number): void {
  path.moveTo(x, y);
  path.lineTo(toX, toY);
}

/** A dark line under a light one is seen on every picture. */
export function twoTone(context: CanvasRenderingContext2D, path: Path2D, opacity = 1): void {
  context.lineWidth = 3;
  context.strokeStyle = `rgb(0 0 0 / ${0.45 * opacity})`;
  context.stroke(path);
  context.lineWidth = 1.5;
  context.strokeStyle = `rgb(255 255 255 / ${0.95 * opacity})`;
  context.stroke(path);
}

/** Fit a canvas to its size on the screen and empty it; the context is scaled to CSS pixels. */
export function prepare(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  const { clientWidth, clientHeight } = canvas;
  if (!context || clientWidth === 0) return null;
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(clientWidth * scale), Math.round(clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
  return context;
}

/** Draw again when an element has another size, or the page other colours. Returns how to stop. */
export function onAppearance(element: Element, draw: () => void): () => void {
  const sized = new ResizeObserver(draw);
  sized.observe(element);
  const themed = new MutationObserver(draw);
  themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    sized.disconnect();
    themed.disconnect();
  };
}
