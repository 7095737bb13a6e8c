/** One stroke: from the pointer being lifted to the frame after its picture was drawn, in milliseconds. */
export interface PaintTiming {
  readonly stroke: string;
  readonly lifted: number;
  readonly arrived: number;
  readonly drawn: number;
  readonly milliseconds: number;
}

declare global {
  interface Window {
    /** One entry for each finished stroke; benchmarks read and empty it. */
    inscapePaintTimings: PaintTiming[];
    /** Times at which any picture of the painting was drawn; benchmarks count frames with it. */
    inscapePaintFrames: number[];
  }
}

const MOST = 5000;

/** Measures strokes where they are felt: in the page. */
class Timings {
  private readonly liftedAt = new Map<string, number>();
  private waiting: { stroke: string; lifted: number; arrived: number } | null = null;

  start(): void {
    window.inscapePaintTimings = [];
    window.inscapePaintFrames = [];
  }

  lifted(stroke: string): void {
    this.liftedAt.set(stroke, performance.now());
  }

  arrived(stroke: string): void {
    const lifted = this.liftedAt.get(stroke);
    if (lifted === undefined) return;
    this.liftedAt.clear();
    this.waiting = { stroke, lifted, arrived: performance.now() };
  }

  /** The canvas shows a new picture: the next frame is the one that people see. */
  painted(): void {
    if (window.inscapePaintFrames.length < MOST) window.inscapePaintFrames.push(performance.now());
    const done = this.waiting;
    this.waiting = null;
    if (!done) return;
    requestAnimationFrame(() => {
      const drawn = performance.now();
      const timing = { ...done, drawn, milliseconds: drawn - done.lifted };
      if (window.inscapePaintTimings.length < MOST) window.inscapePaintTimings.push(timing);
      performance.measure("inscape:stroke", { start: done.lifted, end: drawn });
    });
  }
}

export const timings = new Timings();
