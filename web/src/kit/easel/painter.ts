import { ProblemError, problemOf } from "../../api/client";
import { DisconnectedError, SupersededError } from "../../api/socket";
import { Autosave, type Kept } from "../../engine/autosave";
import { History, type Operation, type SavedHistory } from "../../engine/history";
import { copyMask, drag, isEmpty, type Point, stamp } from "../../engine/mask";
import { type Ground, keyOf, Preview, stateKey } from "../../engine/preview";
import type { Store } from "../../engine/store";
import type { Stroke } from "../../engine/stroke";
import { type Shape, SQUARE } from "../../engine/view";
import { BESIDE, lackOf } from "./lacking";
import type { Place, Ports } from "./ports";
import { newStroke, Presses, strokeSaid } from "./presses";
import { gridSize, type PaintState } from "./state";
import { timings } from "./timings";

const LONGEST_CALM = 250;
const LONGEST_SETTLING = 15000;

/** Turns what a person does into strokes, a history, pictures and kept work. Knows nothing of the page. */
export class Painter {
  history = new History();
  private autosave: Autosave<Operation> | null = null;
  /** The model of the picture that is open, or none; another one may be chosen whose picture is still on its way. */
  private opened = "";
  /** Those of pictures that were left before they could be kept. */
  private readonly left = new Set<Autosave<Operation>>();
  private last: Point | null = null;
  private readonly presses: Presses;
  /** Cells of the stroke's mask for each cell of the layer. */
  private scale = 1;
  private readonly preview: Preview<ImageBitmap>;

  constructor(
    readonly store: Store<PaintState>,
    private readonly ports: Ports,
  ) {
    this.presses = new Presses(store, {
      appearance: (layer, mask) => ports.appearance({ ...this.ground(), strokes: [] }, layer, mask),
      add: (stroke, said) => this.after(this.history.add(stroke), said),
      hide: (ids, said) => this.after(this.history.hideAll(ids), said),
      failed: (error) => this.failed(error),
      lacking: ports.lacking,
      say: ports.say,
    });
    this.preview = new Preview<ImageBitmap>(
      (wanted) => ports.draw(wanted),
      (shown, wanted) => {
        const here = stateKey({ ...wanted, strokes: [] }) === stateKey({ ...this.ground(), strokes: [] });
        if (!this.isOpen || !here) return;
        if (wanted.final && wanted.live) timings.arrived(wanted.live.id);
        const { picture, box, influence, seq, units, milliseconds } = shown;
        const untouched = wanted.final && wanted.strokes.length === 0 && !wanted.live;
        if (untouched && wanted.photo === null) store.set({ original: picture });
        const fired = wanted.live ? { units } : {};
        const { final } = wanted;
        store.set({ picture, box, influence, seq, final, milliseconds, shown: keyOf(wanted), ...fired });
      },
      (error, { live, final }) => {
        this.failed(error);
        if (live && final && error instanceof ProblemError) void this.refused(live.id);
      },
      { most: 256 * 2 ** 20, cost: ({ width, height }) => 4 * width * height },
    );
  }

  /** Paint on a picture: from a kept history, or from nothing. */
  open(
    place: Place,
    saved: SavedHistory | null = null,
    kept: Kept | null = null,
    shape: Shape = SQUARE,
  ): void {
    if (this.autosave?.dirty) this.left.add(this.autosave);
    this.history = new History(saved ?? undefined);
    const { model } = this.store.get();
    if (!model) return;
    this.opened = model.name;
    this.store.set({
      ...place,
      shape,
      influence: null,
      live: null,
      highlighted: null,
      original: null,
      units: [],
      painting: kept?.id ?? null,
      firstVisit: false,
    });
    this.store.set({ save: kept ? "saved" : "new" });
    const autosave: Autosave<Operation> = new Autosave(
      this.history,
      this.ports.keep(model.name, place),
      (save, now) => {
        if (this.autosave === autosave) this.store.set({ save, painting: now?.id ?? null });
      },
      { kept, calm: () => this.drawn() },
    );
    this.autosave = autosave;
    this.changed(false);
    void this.fetchOriginal();
  }

  /** Another picture is on its way: nothing more is drawn, nor painted, on the one that is open. */
  leave(): void {
    this.opened = "";
    this.store.set({ picture: null, shown: "", box: null, influence: null });
  }

  /** Take the strokes of a link or of an example; those of an example are kept once a person goes on from them. */
  adopt(strokes: readonly Stroke[], save = true): void {
    for (const stroke of strokes) this.history.add(stroke);
    this.changed(save);
    void this.fetchOriginal(); // the picture without them may not have been drawn
  }

  begin(point: Point, diameter: number): void {
    const state = this.store.get();
    const lack = lackOf(state, this.isOpen);
    if (lack) {
      this.ports.lacking(lack);
      return;
    }
    if (this.presses.begin(point)) return;
    const live = newStroke(state);
    if (!live) return;
    this.scale = live.mask.size / gridSize({ ...state, layer: live.brush.layer });
    stamp(live.mask, point, diameter * this.scale);
    this.last = point;
    this.setLive(live);
  }

  /** Drop an island of what the strokes influence, or take it back in. */
  setDropped(number: number, dropped: boolean): void {
    this.presses.setDropped(number, dropped);
  }

  move(point: Point, diameter: number): void {
    const { live } = this.store.get();
    if (!live || !this.last) return;
    const mask = copyMask(live.mask);
    drag(mask, this.last, point, diameter * this.scale);
    this.last = point;
    if (mask.cells.some((weight, index) => weight !== live.mask.cells[index]))
      this.setLive({ ...live, mask });
  }

  /** The pointer was lifted: the stroke is done. */
  end(): void {
    const { live } = this.store.get();
    this.presses.end();
    if (!live) return;
    this.last = null;
    if (isEmpty(live.mask)) {
      this.store.set({ live: null });
      this.ports.lacking(BESIDE);
      return;
    }
    timings.lifted(live.id);
    const ground = this.ground();
    this.history.add(live);
    this.store.set({ live: null, version: this.store.get().version + 1, firstVisit: false });
    this.preview.finish(ground, live);
    this.autosave?.changed();
    this.ports.say(strokeSaid(live));
  }

  abort(): void {
    this.presses.abort();
    if (!this.store.get().live) return;
    this.last = null;
    this.store.set({ live: null });
    this.preview.state(this.ground());
  }

  undo = (): void => this.after(this.history.undo(), "Undone.");
  redo = (): void => this.after(this.history.redo(), "Redone.");
  reset = (): void => this.after(this.history.reset(), "All strokes removed.");
  jump = (cursor: number): void => this.after(this.history.jump(cursor), "");
  remove = (id: string): void => this.after(this.history.remove(id), "Stroke deleted.");
  restore = (index: number): void => this.after(this.history.restore(index), "Other branch restored.");
  setHidden = (id: string, hidden: boolean): void =>
    this.after(this.history.setHidden(id, hidden), hidden ? "Stroke hidden." : "Stroke shown.");

  /** The connection is there again: draw what is current, keep what was not kept. */
  online(): void {
    this.preview.resume();
    this.retry();
    if (!this.isOpen) return;
    this.preview.state(this.ground());
    if (!this.store.get().original) void this.fetchOriginal();
  }

  offline(): void {
    this.preview.pause();
  }

  retry(): void {
    void this.autosave?.retry();
    void this.keepLeft();
  }

  /** Give what is being kept a moment before it is read again. */
  async settle(): Promise<void> {
    const pause = new Promise<void>((done) => setTimeout(done, LONGEST_SETTLING));
    const own = this.autosave?.dirty && this.autosave.state !== "conflict" ? this.autosave.flush() : null;
    if (own || this.left.size > 0) await Promise.race([pause, Promise.all([own, this.keepLeft()])]);
  }

  private async keepLeft(): Promise<void> {
    for (const autosave of this.left) {
      await autosave.flush();
      if (!autosave.dirty || autosave.state === "conflict") this.left.delete(autosave);
    }
  }

  /** Whether the picture that is held is that of everything done so far, and nothing of it is missing. */
  get isShown(): boolean {
    const { final, live, original, photo, shown } = this.store.get();
    if (!this.isOpen || (photo !== null && original === null)) return false;
    return final && live === null && shown === stateKey(this.ground());
  }

  private get isOpen(): boolean {
    const { model } = this.store.get();
    return model !== null && model.name === this.opened;
  }

  /** Wait until the work is kept; its identifier, or null where it could not be. */
  async kept(untouched = false): Promise<string | null> {
    await this.autosave?.flush(untouched);
    return this.autosave?.state === "saved" ? this.autosave.id : null;
  }

  /** Until the picture that is being drawn is there; keeping the stroke is not to slow it down. */
  private async drawn(): Promise<void> {
    const end = performance.now() + LONGEST_CALM;
    while (this.preview.busy && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 15));
  }

  private ground(): Ground {
    const { model, seed, classIndex, photo } = this.store.get();
    return { model: model?.name ?? "", seed, classIndex, photo, strokes: this.history.strokes };
  }

  private setLive(live: Stroke): void {
    this.store.set({ live });
    this.preview.live(this.ground(), live);
  }

  private after(done: boolean, said: string): void {
    if (!done) return;
    this.changed();
    if (said) this.ports.say(said);
  }

  private changed(save = true): void {
    this.store.set({ version: this.store.get().version + 1 });
    this.preview.state(this.ground());
    if (save) this.autosave?.changed();
  }

  /** The untouched picture, for comparing; where there are strokes it is drawn beside them. */
  private async fetchOriginal(): Promise<void> {
    const ground = { ...this.ground(), strokes: [] };
    if (ground.photo === null) {
      const known = this.preview.known(ground);
      if (known) this.store.set({ original: known.picture });
      if (known || this.history.strokes.length === 0) return;
    }
    const original = await this.ports.original(ground).catch(() => null);
    const same = stateKey({ ...this.ground(), strokes: [] }) === stateKey(ground);
    if (original && same) this.store.set({ original });
  }

  /** A stroke could not be drawn. Where it cannot be kept either, it would keep all later ones from it: out with it. */
  private async refused(id: string): Promise<void> {
    const { autosave } = this;
    await autosave?.flush();
    if (autosave?.state !== "failed" || this.autosave !== autosave) return;
    this.after(this.history.takeBack(id), "The stroke was undone.");
  }

  private failed(error: unknown): void {
    if (error instanceof SupersededError || error instanceof DisconnectedError) return;
    this.ports.problem(error instanceof ProblemError ? error.problem : problemOf(error));
  }
}
