import { difference, type History, type Operation } from "./history";

export type SaveState = "new" | "saving" | "saved" | "offline" | "conflict" | "failed";

/** What is known to lie in the studio's store. */
export interface Kept {
  readonly id: string;
  readonly revision: number;
}

export interface Step {
  readonly keep: number;
  readonly append: readonly Operation[];
  readonly cursor: number;
}

/** Where paintings are kept; the studio in the browser, a fake in the tests. */
export interface Store {
  create(operations: readonly Operation[], cursor: number): Promise<Kept>;
  step(kept: Kept, step: Step): Promise<Kept>;
  /** What a failure means for further saving. */
  reason(error: unknown): "offline" | "conflict" | "failed" | "gone";
}

/**
 * Keeps a painting as it is made. One save is under way at a time; what was done meanwhile goes with the next. What
 * could not be sent stays dirty and goes out at the next change, or when `retry` is called.
 */
export class Autosave {
  private saved: { operations: readonly Operation[]; cursor: number };
  private underWay: Promise<void> | null = null;
  private current: SaveState;

  constructor(
    private readonly history: History,
    private readonly store: Store,
    private readonly onState: (state: SaveState, kept: Kept | null) => void,
    private kept: Kept | null = null,
    /** Resolves when keeping delays nothing that somebody is waiting for. */
    private readonly calm: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.saved = { operations: history.operations, cursor: history.cursor };
    this.current = kept ? "saved" : "new";
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
  retry(): void {
    if (this.current === "offline" || this.current === "failed") void this.flush();
  }

  /** Wait until everything done so far is kept, or cannot be; an untouched picture is kept only if that is asked. */
  async flush(untouched = false): Promise<void> {
    this.underWay ??= this.run(untouched).finally(() => {
      this.underWay = null;
    });
    return this.underWay;
  }

  get dirty(): boolean {
    const { operations, cursor } = this.history;
    return cursor !== this.saved.cursor || operations !== this.saved.operations;
  }

  private async run(untouched: boolean): Promise<void> {
    while (this.dirty || (untouched && !this.kept)) {
      this.report("saving");
      await this.calm();
      const now = { operations: this.history.operations, cursor: this.history.cursor };
      try {
        this.kept = this.kept
          ? await this.store.step(this.kept, {
              ...difference(this.saved.operations, now.operations),
              cursor: now.cursor,
            })
          : await this.store.create(now.operations, now.cursor);
      } catch (error) {
        const reason = this.store.reason(error);
        if (reason !== "gone") {
          this.report(reason);
          return;
        }
        // It was deleted elsewhere: what is on the picture is kept as a painting of its own.
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
