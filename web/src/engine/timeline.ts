/** How what is kept becomes what there is now: how many steps stay, and which come after them. */
export interface TimelineChange<State> {
  readonly keep: number;
  readonly append: readonly State[];
  readonly cursor: number;
}

/**
 * Every state that something had, and which of them is shown. Undo and redo step without limit; a new state after an
 * undo takes the place of those that were undone. States are values: a step that was kept is known again by identity.
 */
export class Timeline<State> {
  private list: State[];
  private at: number;
  private last: { key: string; time: number } | null = null;

  constructor(steps: readonly [State, ...State[]] | readonly State[], cursor: number) {
    this.list = [...steps];
    this.at = Math.min(Math.max(0, cursor), Math.max(0, steps.length - 1));
  }

  get steps(): readonly State[] {
    return this.list;
  }

  get cursor(): number {
    return this.at;
  }

  get now(): State {
    return this.list[this.at] as State;
  }

  get canUndo(): boolean {
    return this.at > 0;
  }

  get canRedo(): boolean {
    return this.at + 1 < this.list.length;
  }

  /**
   * One more state. With a key, changes of the same thing in quick succession (a slider that is moved) are one step:
   * nobody wants to undo every pixel of it.
   */
  push(state: State, key = "", time = Date.now(), together = 1200): void {
    const same = key !== "" && this.last?.key === key && time - this.last.time < together;
    const amends = same && this.at > 0 && !this.canRedo;
    this.list = [...this.list.slice(0, amends ? this.at : this.at + 1), state];
    this.at = this.list.length - 1;
    this.last = { key, time };
  }

  undo(): boolean {
    return this.jump(this.at - 1);
  }

  redo(): boolean {
    return this.jump(this.at + 1);
  }

  private jump(cursor: number): boolean {
    if (cursor < 0 || cursor >= this.list.length) return false;
    this.at = cursor;
    this.last = null;
    return true;
  }

  /** What is to be sent so that a store that has `kept` has everything; null where it has it already. */
  since(kept: readonly State[], cursor: number): TimelineChange<State> | null {
    let keep = 0;
    while (keep < kept.length && keep < this.list.length && kept[keep] === this.list[keep]) keep++;
    if (keep === kept.length && keep === this.list.length && cursor === this.at) return null;
    return { keep, append: this.list.slice(keep), cursor: this.at };
  }
}
