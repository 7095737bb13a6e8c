import { RecentCache } from "./cache";
import type { Influence } from "./influence";
import { Latest } from "./latest";
import type { Stroke } from "./stroke";
import type { Part } from "./view";

export interface Ground {
  readonly model: string;
  readonly seed: number;
  /** Class of a conditional generator; null for others. */
  readonly classIndex: number | null;
  /** The photo that is painted on in place of the picture of a seed. */
  readonly photo: string | null;
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
  /** On a photo, which part of it the picture covers; everything else is the photo's own. */
  readonly box: Part | null;
  readonly influence: Influence | null;
}

/** The name of a state of the painting: equal names mean equal pictures. */
export function stateKey(ground: Ground): string {
  const strokes = ground.strokes.map((stroke) => stroke.id).join(" ");
  return `${ground.model}/${ground.photo ?? ground.seed}/${ground.classIndex ?? ""}/${strokes}`;
}

/**
 * Decides what to ask for and what to show: previews while the pointer moves, the final picture when it is lifted,
 * and at once what has been drawn before (undo, redo, jumps).
 */
export class Preview<Picture> {
  private readonly cache: RecentCache<Shown<Picture>>;
  private readonly latest: Latest<Wanted, Shown<Picture>>;
  /** The preview under way whose stroke has meanwhile been finished. */
  private lifted: Wanted | null = null;
  /** The preview asked for last, and its picture once it has come: often the stroke is then already whole. */
  private newest: { wanted: Wanted; shown: Shown<Picture> | null } | null = null;

  constructor(
    draw: (wanted: Wanted) => Promise<Shown<Picture>>,
    private readonly onShow: (shown: Shown<Picture>, wanted: Wanted) => void,
    onFail: (error: unknown, wanted: Wanted) => void,
    /** How much is kept in memory, and what a picture takes of it. */
    { most, cost }: { most: number; cost: (picture: Picture) => number } = { most: 400, cost: () => 1 },
  ) {
    this.cache = new RecentCache(most, undefined, ({ picture }) => cost(picture));
    this.latest = new Latest(
      draw,
      (shown, wanted) => {
        if (this.newest?.wanted === wanted) this.newest.shown = shown;
        this.show(shown, this.lifted === wanted ? { ...wanted, final: true } : wanted);
      },
      (error, wanted, newest) => {
        if (this.newest?.wanted === wanted) this.newest = null;
        const lifted = this.lifted === wanted;
        if (lifted) this.lifted = null;
        // The preview that was to be the final picture was given up: ask for that picture itself, if it still is.
        if (lifted && newest) this.latest.ask({ ...wanted, final: true }, true);
        else onFail(error, wanted);
      },
    );
  }

  get busy(): boolean {
    return this.latest.busy;
  }

  /** A stroke is being painted: show it as soon as the picture under way has arrived. */
  live(ground: Ground, stroke: Stroke): void {
    const wanted: Wanted = { ...ground, live: stroke, final: false };
    this.newest = { wanted, shown: null };
    this.latest.ask(wanted);
  }

  /**
   * The pointer was lifted. Where it has not moved since the last preview was sent, that preview is the final picture,
   * and nothing is drawn again. On a photo it is drawn with all its detail only now.
   */
  finish(ground: Ground, stroke: Stroke): void {
    const { newest } = this;
    this.newest = null;
    if (
      ground.photo !== null ||
      newest?.wanted.live !== stroke ||
      keyOf(newest.wanted) !== keyOf({ ...ground, live: stroke })
    ) {
      this.latest.ask({ ...ground, live: stroke, final: true }, true);
    } else if (newest.shown) {
      this.show(newest.shown, { ...newest.wanted, final: true });
    } else if (this.latest.hasWaiting) {
      this.latest.ask({ ...newest.wanted, final: true }, true);
    } else {
      this.lifted = newest.wanted;
    }
  }

  /** Show a state: from memory where it has been drawn before. */
  state(ground: Ground): void {
    this.newest = null;
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

  private show(shown: Shown<Picture>, wanted: Wanted): void {
    if (wanted.final) this.cache.set(keyOf(wanted), shown);
    this.onShow(shown, wanted);
  }
}

/** The name of what is drawn, the stroke under the pointer included. */
export function keyOf({ live, ...ground }: Ground & Pick<Wanted, "live">): string {
  return stateKey(live ? { ...ground, strokes: [...ground.strokes, live] } : ground);
}
