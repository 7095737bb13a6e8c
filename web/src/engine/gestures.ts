import type { Point } from "./mask";

/** What a pointer event tells, in canvas pixels. */
export interface Touch extends Point {
  readonly id: number;
  readonly kind: string;
  readonly pressure: number;
  /** Milliseconds. */
  readonly time: number;
  /** A middle button or a held space bar pans instead of painting. */
  readonly pans: boolean;
}

export interface GestureHandlers {
  begin(touch: Touch): void;
  move(touch: Touch): void;
  end(touch: Touch): void;
  /** The stroke that had begun is not wanted: a second finger came down, or the pointer was taken away. */
  abort(): void;
  pan(dx: number, dy: number): void;
  pinch(before: readonly [Point, Point], after: readonly [Point, Point]): void;
  /** Several fingers touched and left without moving. */
  tap(fingers: number): void;
}

type State = "idle" | "painting" | "panning" | "fingers";

const TAP = { milliseconds: 350, pixels: 14 };

/** Tells painting, panning, pinching and tapping apart, from pointer events alone. */
export class Gestures {
  private state: State = "idle";
  private readonly down = new Map<number, Touch>();
  private first = 0;
  private most = 0;
  private travelled = 0;

  constructor(private readonly handlers: GestureHandlers) {}

  get painting(): boolean {
    return this.state === "painting";
  }

  press(touch: Touch): void {
    this.down.set(touch.id, touch);
    if (this.down.size === 1) {
      this.first = touch.time;
      this.most = 1;
      this.travelled = 0;
      this.state = touch.pans ? "panning" : "painting";
      if (this.state === "painting") this.handlers.begin(touch);
      return;
    }
    this.most = Math.max(this.most, this.down.size);
    if (this.state === "painting") this.handlers.abort();
    this.state = "fingers";
  }

  move(touch: Touch): void {
    const before = this.down.get(touch.id);
    if (!before) return;
    const pair = this.pair();
    this.down.set(touch.id, touch);
    this.travelled += Math.hypot(touch.x - before.x, touch.y - before.y);
    if (this.state === "painting") this.handlers.move(touch);
    if (this.state === "panning") this.handlers.pan(touch.x - before.x, touch.y - before.y);
    const after = this.pair();
    if (this.state === "fingers" && pair && after) this.handlers.pinch(pair, after);
  }

  release(touch: Touch): void {
    if (!this.down.delete(touch.id)) return;
    if (this.state === "painting") {
      this.state = "idle";
      this.handlers.end(touch);
    }
    if (this.down.size > 0) return;
    const quick = touch.time - this.first <= TAP.milliseconds && this.travelled <= TAP.pixels;
    if (this.state === "fingers" && quick) this.handlers.tap(this.most);
    this.state = "idle";
  }

  cancel(id: number): void {
    if (!this.down.delete(id)) return;
    if (this.state === "painting") this.handlers.abort();
    if (this.down.size === 0) this.state = "idle";
  }

  /** Give up the stroke under way (the Escape key). */
  abort(): boolean {
    if (this.state !== "painting") return false;
    this.down.clear();
    this.state = "idle";
    this.handlers.abort();
    return true;
  }

  private pair(): readonly [Point, Point] | null {
    const [a, b] = [...this.down.values()];
    return a && b ? [a, b] : null;
  }
}
