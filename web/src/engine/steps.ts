/**
 * What was done, in order, and how much of it applies (the cursor). Undo and redo move the cursor, without limit; a new
 * step after an undo takes the place of those that were undone. Steps are values: one that was kept is known again by
 * identity.
 */
export class Steps<Step> {
  private list: readonly Step[];
  private at: number;
  private last: { key: string; time: number } | null = null;

  constructor(
    steps: readonly Step[] = [],
    cursor = steps.length,
    /** How many steps cannot be undone. */
    private readonly lowest = 0,
  ) {
    this.list = [...steps];
    this.at = Math.min(Math.max(lowest, cursor), steps.length);
  }

  get steps(): readonly Step[] {
    return this.list;
  }

  /** How many steps apply. */
  get cursor(): number {
    return this.at;
  }

  /** The last step that applies. */
  get now(): Step | undefined {
    return this.list[this.at - 1];
  }

  get canUndo(): boolean {
    return this.at > this.lowest;
  }

  get canRedo(): boolean {
    return this.at < this.list.length;
  }

  undo(): boolean {
    return this.jump(this.at - 1);
  }

  redo(): boolean {
    return this.jump(this.at + 1);
  }

  jump(cursor: number): boolean {
    if (cursor < this.lowest || cursor > this.list.length || cursor === this.at) return false;
    this.at = cursor;
    this.last = null;
    return true;
  }

  /**
   * More steps. With a key, changes of the same thing in quick succession (a slider that is moved) are one step: nobody
   * wants to undo every pixel of it.
   */
  push(steps: readonly Step[], key = "", time = Date.now(), together = 1200): void {
    const same = key !== "" && this.last?.key === key && time - this.last.time < together;
    const amends = same && this.canUndo && !this.canRedo;
    this.cut(amends ? this.at - 1 : this.at, steps);
    this.last = { key, time };
  }

  /** Keep so many steps, and append others. */
  protected cut(keep: number, append: readonly Step[] = []): void {
    this.list = [...this.list.slice(0, keep), ...append];
    this.at = this.list.length;
  }
}

/** How two lists differ, when the second was made from the first: how much to keep, and what to append. */
export function difference<Item>(
  before: readonly Item[],
  after: readonly Item[],
): { keep: number; append: readonly Item[] } {
  let keep = 0;
  while (keep < before.length && keep < after.length && before[keep] === after[keep]) keep++;
  return { keep, append: after.slice(keep) };
}
