import { RecentCache } from "./cache";
import { Latest } from "./latest";
import type { Stroke } from "./stroke";

export interface Ground {
  readonly model: string;
  readonly seed: number;
  readonly strokes: readonly Stroke[];
}

/** What is to be drawn. `name` is the stroke that the live one becomes when the pointer is lifted. */
export interface Wanted extends Ground {
  readonly live: Stroke | null;
  readonly final: boolean;
}

export interface Shown<Picture> {
  readonly picture: Picture;
  readonly seq: number;
  readonly units: readonly number[];
  readonly milliseconds: number;
}

/** The name of a state of the painting: equal names mean equal pictures. */
export function stateKey(ground: Ground): string {
  return `${ground.model}/${ground.seed}/${ground.strokes.map((stroke) => stroke.id).join(" ")}`;
}

/**
 * Decides what to ask for and what to show: previews while the pointer moves, the final picture when it is lifted,
 * and at once what has been drawn before (undo, redo, jumps).
 */
export class Preview<Picture> {
  private readonly cache = new RecentCache<Shown<Picture>>(400);
  private readonly latest: Latest<Wanted, Shown<Picture>>;

  constructor(
    draw: (wanted: Wanted) => Promise<Shown<Picture>>,
    private readonly onShow: (shown: Shown<Picture>, wanted: Wanted) => void,
    onFail: (error: unknown, wanted: Wanted) => void,
  ) {
    this.latest = new Latest(
      draw,
      (shown, wanted) => {
        if (wanted.final) this.cache.set(keyOf(wanted), shown);
        this.onShow(shown, wanted);
      },
      onFail,
    );
  }

  get busy(): boolean {
    return this.latest.busy;
  }

  /** A stroke is being painted: show it as soon as the picture under way has arrived. */
  live(ground: Ground, stroke: Stroke): void {
    this.latest.ask({ ...ground, live: stroke, final: false });
  }

  /** The pointer was lifted. */
  finish(ground: Ground, stroke: Stroke): void {
    this.latest.ask({ ...ground, live: stroke, final: true }, true);
  }

  /** Show a state: from memory where it has been drawn before. */
  state(ground: Ground): void {
    const known = this.cache.get(stateKey(ground));
    const wanted: Wanted = { ...ground, live: null, final: true };
    if (!known) {
      this.latest.ask(wanted, true);
      return;
    }
    this.latest.drop();
    this.onShow(known, wanted);
  }

  known(ground: Ground): Shown<Picture> | undefined {
    return this.cache.get(stateKey(ground));
  }

  pause(): void {
    this.latest.pause();
  }

  resume(): void {
    this.latest.resume();
  }
}

function keyOf({ model, seed, strokes, live }: Wanted): string {
  return stateKey({ model, seed, strokes: live ? [...strokes, live] : strokes });
}
