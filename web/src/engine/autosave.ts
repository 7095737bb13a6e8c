import { difference, type Steps } from "./steps";

export type SaveState = "new" | "saving" | "saved" | "offline" | "conflict" | "failed";

/** What is known to lie in the studio's store. */
export interface Kept {
  readonly id: string;
  readonly revision: number;
}

export interface Change<Step> {
  readonly keep: number;
  readonly append: readonly Step[];
  readonly cursor: number;
}

/** Where work is kept; the studio in the browser, a fake in the tests. */
export interface Keep<Step> {
  create(steps: readonly Step[], cursor: number): Promise<Kept>;
  step(kept: Kept, change: Change<Step>): Promise<Kept>;
  /** What a failure means for further saving. */
  reason(error: unknown): "offline" | "conflict" | "failed" | "gone";
}

export interface Options {
  /** What lies in the store already. */
  readonly kept?: Kept | null;
  /** Resolves when keeping delays nothing that somebody is waiting for. */
  readonly calm?: () => Promise<void>;
  /** What is kept beside the steps. */
  readonly note?: () => string;
}

/**
 * Keeps work as it is made. One save is under way at a time; what was done meanwhile goes with the next. What could not
 * be sent stays dirty and goes out at the next change, or when `retry` is called.
 */
export class Autosave<Step> {
  private saved: { steps: readonly Step[]; cursor: number; note: string };
  private underWay: Promise<void> | null = null;
  private current: SaveState;
  private kept: Kept | null;

  constructor(
    private readonly history: Pick<Steps<Step>, "steps" | "cursor">,
    private readonly store: Keep<Step>,
    private readonly onState: (state: SaveState, kept: Kept | null) => void,
    private readonly options: Options = {},
  ) {
    this.kept = options.kept ?? null;
    this.saved = this.now();
    this.current = this.kept ? "saved" : "new";
  }

  get state(): SaveState {
    return this.current;
  }

  get id(): string | null {
    return this.kept?.id ?? null;
  }

  /** Something was done. */
  changed(): void {
    if (this.current !== "conflict") void this.flush();
  }

  /** The connection is back. */
  async retry(): Promise<void> {
    if (this.current === "offline" || this.current === "failed") await this.flush();
  }

  /** Wait until everything done so far is kept, or cannot be; an untouched picture is kept only if that is asked. */
  async flush(untouched = false): Promise<void> {
    this.underWay ??= this.run(untouched).finally(() => {
      this.underWay = null;
    });
    return this.underWay;
  }

  get dirty(): boolean {
    const { steps, cursor, note } = this.now();
    return cursor !== this.saved.cursor || steps !== this.saved.steps || note !== this.saved.note;
  }

  private now(): { steps: readonly Step[]; cursor: number; note: string } {
    const { steps, cursor } = this.history;
    return { steps, cursor, note: this.options.note?.() ?? "" };
  }

  private async run(untouched: boolean): Promise<void> {
    while (this.dirty || (untouched && !this.kept)) {
      this.report("saving");
      await this.options.calm?.();
      const now = this.now();
      try {
        const change = { ...difference(this.saved.steps, now.steps), cursor: now.cursor };
        this.kept = await (this.kept
          ? this.store.step(this.kept, change)
          : this.store.create(now.steps, now.cursor));
      } catch (error) {
        const reason = this.store.reason(error);
        if (reason !== "gone") {
          this.report(reason);
          return;
        }
        // It was deleted elsewhere: what was done here is kept as work of its own.
        this.kept = null;
        continue;
      }
      this.saved = now;
    }
    if (this.kept) this.report("saved");
  }

  private report(state: SaveState): void {
    this.current = state;
    this.onState(state, this.kept);
  }
}
