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
