import { Steps } from "./steps";
import { type Stroke, strokeLabel } from "./stroke";

/** One thing that was done to a painting. */
export type Operation =
  | { readonly kind: "stroke"; readonly stroke: Stroke }
  | { readonly kind: "hide"; readonly stroke: string; readonly hidden: boolean }
  | { readonly kind: "delete"; readonly stroke: string }
  | { readonly kind: "reset" };

/** What was undone and then painted over; it can be brought back. */
export interface Branch {
  readonly at: number;
  readonly operations: readonly Operation[];
}

export interface SavedHistory {
  readonly operations: readonly Operation[];
  readonly cursor: number;
  readonly branches: readonly Branch[];
}

/** A stroke on the picture; hidden ones keep their place. */
export interface Placed {
  readonly stroke: Stroke;
  readonly hidden: boolean;
}

/** What was done to a painting; an operation after an undo makes a branch of what was undone instead of losing it. */
export class History extends Steps<Operation> {
  private side: Branch[];
  /** The strokes after each number of operations; states share what they have in common. */
  private states: (readonly Placed[])[] = [[]];

  constructor(saved?: SavedHistory) {
    super(saved?.operations, saved?.cursor);
    this.side = [...(saved?.branches ?? [])];
  }

  get branches(): readonly Branch[] {
    return this.side;
  }

  /** What lies on the picture now. */
  get placed(): readonly Placed[] {
    return this.stateAt(this.cursor);
  }

  /** The strokes that are to be drawn now. */
  get strokes(): readonly Stroke[] {
    return this.strokesAt(this.cursor);
  }

  strokesAt(cursor: number): readonly Stroke[] {
    return this.stateAt(cursor)
      .filter((one) => !one.hidden)
      .map((one) => one.stroke);
  }

  find(id: string): Placed | undefined {
    return this.placed.find((one) => one.stroke.id === id);
  }

  add(stroke: Stroke): boolean {
    this.push([{ kind: "stroke", stroke }]);
    return true;
  }

  /** Take a stroke that was just done out of the history, as if it had not been: it cannot be drawn. */
  takeBack(id: string): boolean {
    if (this.canRedo || this.now?.kind !== "stroke" || this.now.stroke.id !== id) return false;
    this.cut(this.cursor - 1);
    return true;
  }

  setHidden(id: string, hidden: boolean): boolean {
    const one = this.find(id);
    if (!one || one.hidden === hidden) return false;
    this.push([{ kind: "hide", stroke: id, hidden }]);
    return true;
  }

  /** Hide those of the strokes that are shown. */
  hideAll(ids: readonly string[]): boolean {
    const shown = ids.filter((id) => this.find(id)?.hidden === false);
    if (shown.length === 0) return false;
    this.push(shown.map((stroke) => ({ kind: "hide", stroke, hidden: true })));
    return true;
  }

  remove(id: string): boolean {
    if (!this.find(id)) return false;
    this.push([{ kind: "delete", stroke: id }]);
    return true;
  }

  reset(): boolean {
    if (this.placed.length === 0) return false;
    this.push([{ kind: "reset" }]);
    return true;
  }

  /** Bring a branch back; what it replaces becomes a branch in its turn. */
  restore(index: number): boolean {
    const branch = this.side[index];
    if (!branch || branch.at > this.steps.length) return false;
    this.side.splice(index, 1);
    this.jump(branch.at);
    this.push(branch.operations);
    return true;
  }

  save(): SavedHistory {
    return { operations: this.steps, cursor: this.cursor, branches: [...this.side] };
  }

  protected override cut(keep: number, append: readonly Operation[] = []): void {
    const lost = append.length > 0 ? this.steps.slice(keep) : [];
    if (lost.length > 0) this.side.push({ at: keep, operations: lost });
    // A branch that hangs on what is cut off now cannot be reached any more without it.
    this.side = this.side.filter((branch) => branch.at <= keep || lost.length === 0);
    super.cut(keep, append);
    this.states.length = Math.min(this.states.length, keep + 1);
  }

  private stateAt(cursor: number): readonly Placed[] {
    for (let length = this.states.length; length <= cursor; length++) {
      const operation = this.steps[length - 1];
      const before = this.states[length - 1] ?? [];
      this.states.push(operation ? applied(before, operation) : before);
    }
    return this.states[cursor] ?? [];
  }
}

function applied(before: readonly Placed[], operation: Operation): readonly Placed[] {
  switch (operation.kind) {
    case "stroke":
      return [...before, { stroke: operation.stroke, hidden: false }];
    case "hide":
      return before.map((one) =>
        one.stroke.id === operation.stroke ? { ...one, hidden: operation.hidden } : one,
      );
    case "delete":
      return before.filter((one) => one.stroke.id !== operation.stroke);
    case "reset":
      return [];
  }
}

/** What an operation is called in the history; `known` are all operations before it. */
export function operationLabel(operation: Operation, known: readonly Operation[]): string {
  if (operation.kind === "stroke") return strokeLabel(operation.stroke);
  if (operation.kind === "reset") return "Reset";
  const made = known.find((one) => one.kind === "stroke" && one.stroke.id === operation.stroke);
  const name = made?.kind === "stroke" ? strokeLabel(made.stroke).toLowerCase() : "a stroke";
  if (operation.kind === "delete") return `Delete: ${name}`;
  return `${operation.hidden ? "Hide" : "Show"}: ${name}`;
}
