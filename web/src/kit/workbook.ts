import { Autosave, type Change, type Keep, type Kept, type SaveState } from "../engine/autosave";
import { Steps } from "../engine/steps";
import { Store } from "../engine/store";
import { offerUndo, say, toast, whyNotKept } from "./messages";
import type { Work } from "./page";

const AGAIN = 3000;

/** What lies in the studio's store of the work on a model. */
export interface KeptWork<State> {
  readonly steps: readonly State[];
  readonly cursor: number;
  readonly revision: number;
  readonly note: string;
}

/** A store that knows works by their models, and takes changes with the revision that they were made from. */
export function keptByRevision<State>(
  model: string,
  send: (revision: number, change: Change<State>) => Promise<Kept>,
): Keep<State> {
  const step = async (from: number, change: Change<State>) => {
    const { revision } = await send(from, change);
    return { id: model, revision };
  };
  return {
    create: (append, cursor) => step(0, { keep: 0, append, cursor }),
    step: ({ revision }, change) => step(revision, change),
    reason: whyNotKept,
  };
}

/** The work on one model at a time, as states with undo and redo, kept as it is made. */
export class Workbook<State> {
  readonly store = new Store<{ canUndo: boolean; canRedo: boolean; save: SaveState }>({
    canUndo: false,
    canRedo: false,
    save: "new",
  });
  readonly work: Work = { store: this.store, retry: async () => this.autosave?.retry() };
  private steps: Steps<State>;
  private autosave: Autosave<State> | null = null;
  /** What is kept beside the steps. */
  private noted = { text: "" };

  constructor(
    private readonly empty: () => State,
    /** Told of every other state. */
    private readonly onState: (state: State) => void,
  ) {
    this.steps = new Steps<State>([empty()], 1, 1);
  }

  get now(): State {
    return this.steps.now ?? this.empty();
  }

  /** One more step. With a key, quick changes of the same thing become one. */
  apply(change: (state: State) => State, key = ""): void {
    const next = change(this.now);
    if (next === this.steps.now) return;
    this.steps.push([next], key);
    this.show();
  }

  undo(): void {
    if (!this.steps.undo()) return;
    this.show();
    say("Undone.");
  }

  redo(): void {
    if (!this.steps.redo()) return;
    this.show();
    say("Redone.");
  }

  /** Offer to take the last step back. */
  undoable(title: string): void {
    const { now } = this.steps;
    offerUndo(
      title,
      () => this.undo(),
      () => this.steps.now === now,
    );
  }

  /** Until what was done on the model that is left is kept, or cannot be. */
  async settle(): Promise<void> {
    if (this.touched) await this.autosave?.flush();
  }

  /** Take the work on a model as the studio kept it. */
  adopt(model: string, kept: KeptWork<State>, shelf: (note: () => string) => Keep<State>): void {
    this.steps = new Steps(kept.steps.length > 0 ? kept.steps : [this.empty()], kept.cursor + 1, 1);
    const note = { text: kept.note };
    this.noted = note;
    const revision: Kept | null = kept.revision > 0 ? { id: model, revision: kept.revision } : null;
    const mine: Autosave<State> = new Autosave(
      this.steps,
      shelf(() => note.text),
      (state) => this.autosave === mine && this.report(state),
      { kept: revision, note: () => note.text },
    );
    this.autosave = mine;
    const { canUndo, canRedo } = this.steps;
    this.store.set({ canUndo, canRedo, save: mine.state });
  }

  /** What is to be kept beside the steps; what nobody has touched is not kept. */
  note(text: string): void {
    this.noted.text = text;
    if (this.touched) this.autosave?.changed();
  }

  private get touched(): boolean {
    return Boolean(this.autosave?.id) || this.steps.steps.length > 1;
  }

  private show(): void {
    const { canUndo, canRedo } = this.steps;
    this.store.set({ canUndo, canRedo });
    this.onState(this.now);
    if (this.touched) this.autosave?.changed();
  }

  private report(state: SaveState): void {
    this.store.set({ save: state });
    if (state === "offline") setTimeout(() => void this.autosave?.retry(), AGAIN);
    if (state === "conflict")
      toast({
        title: "Open in another tab",
        detail: "Changes in this tab are no longer saved.",
        bad: true,
        action: { label: "Load again", run: () => location.reload() },
      });
  }
}
