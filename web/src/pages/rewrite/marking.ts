import { centred, covers, middleOf } from "../../engine/clip";
import { drag, emptyMask, isEmpty, type Mask, type Point, stamp } from "../../engine/mask";
import { combined, type Paste, placeOf, withCopied, withPaste, withPlace } from "../../engine/rule";
import { Store } from "../../engine/store";
import { say, toast } from "../../kit";
import { gridOf, rewrite, type Tool, tools } from "./state";
import { apply } from "./work";

/** What the pointer is drawing in a picture; it becomes a step when the pointer is lifted. */
interface Live {
  readonly seed: number;
  readonly mask: Mask | null;
  readonly paste: Paste | null;
}

export const live = new Store<{ live: Live | null }>({ live: null });

interface Stroke {
  readonly seed: number;
  readonly tool: Tool;
  readonly erasing: boolean;
  readonly from: Point;
  readonly base: Mask | null;
  readonly own: Mask;
  last: Point;
  /** For a paste that is dragged: where in it the pointer took hold. */
  readonly hold: Point | null;
}

let stroke: Stroke | null = null;

const NOTHING_COPIED = {
  title: "Nothing is copied yet",
  detail: "Choose Copy and mark in a picture what the context should become. Then paste it.",
  action: { label: "Copy", run: () => tools.set({ tool: "copy" }) },
};

const last = (): Paste | null => {
  const { pastes, another } = rewrite.get().rule;
  return another ? null : (pastes.at(-1) ?? null);
};

/** What is marked in that picture already, or copied from it. */
function marked(seed: number, tool: Tool): Mask | null {
  const { rule } = rewrite.get();
  if (tool === "context" || tool === "protect") return placeOf(rule, tool, seed);
  return rule.copied?.seed === seed ? rule.copied.mask : null;
}

/** What a stroke adds to; what is copied with a box is copied anew. */
function before(seed: number, tool: Tool): Mask | null {
  const fresh = tool === "copy" && tools.get().shape === "box" && !tools.get().erasing;
  return fresh ? null : marked(seed, tool);
}

export function begin(seed: number, point: Point, flip: boolean): void {
  const { tool, erasing } = tools.get();
  const size = gridOf(rewrite.get());
  const known = last();
  const held = tool === "paste" && known?.into === seed && covers(known, point) ? known : null;
  if (tool === "paste" && !held && !rewrite.get().rule.copied) {
    toast(NOTHING_COPIED);
    return;
  }
  const hold = held ? { x: point.x - middleOf(held).x, y: point.y - middleOf(held).y } : null;
  stroke = {
    seed,
    tool,
    erasing: erasing !== flip,
    from: point,
    base: before(seed, tool),
    own: emptyMask(size),
    last: point,
    hold,
  };
  if (tool !== "paste" && tools.get().shape === "brush") stamp(stroke.own, point, tools.get().diameter);
  show();
}

export function move(point: Point): void {
  if (!stroke) return;
  const { shape, diameter } = tools.get();
  if (stroke.tool !== "paste" && shape === "brush") drag(stroke.own, stroke.last, point, diameter);
  stroke.last = point;
  show();
}

export function end(): void {
  const done = stroke;
  const shown = live.get().live;
  stroke = null;
  live.set({ live: null });
  if (!done || !shown) return;
  if (shown.paste) {
    const { paste } = shown;
    apply((state) => withPaste(state, paste));
    say(`Pasted into picture ${paste.into}.`);
  } else if (shown.mask) keep(done, shown.mask);
}

function keep({ tool, seed, base, erasing }: Stroke, mask: Mask): void {
  const was = base ?? emptyMask(mask.size);
  if (erasing && mask.cells.every((weight, index) => weight === was.cells[index])) {
    toast({ title: `Nothing is marked there in picture ${seed}`, detail: "Turn the eraser off to mark it." });
    return;
  }
  rewrite.set({ said: "" });
  if (tool === "context") {
    rewrite.set({ marks: null });
    apply((state) => withPlace(state, tool, seed, mask));
    say(isEmpty(mask) ? `Picture ${seed} is no longer context.` : `Added to the context: picture ${seed}.`);
  } else if (tool === "protect") {
    apply((state) => withPlace(state, tool, seed, mask));
    say(
      isEmpty(mask) ? `Nothing is protected in picture ${seed}.` : `Protected a region in picture ${seed}.`,
    );
  } else {
    apply((state) => withCopied(state, seed, mask));
    say(isEmpty(mask) ? "Nothing is copied." : `Copied from picture ${seed}. Now paste it.`);
  }
}

export function abort(): boolean {
  const was = stroke !== null;
  stroke = null;
  live.set({ live: null });
  return was;
}

function show(): void {
  if (!stroke) return;
  const { seed, tool, erasing, base, own } = stroke;
  if (tool === "paste") {
    live.set({ live: { seed, mask: null, paste: pasted(stroke) } });
    return;
  }
  const added = tools.get().shape === "box" ? boxed(own.size, stroke.from, stroke.last) : own;
  live.set({ live: { seed, mask: combined(base, added, erasing), paste: null } });
}

/** Where what was copied would lie now. */
function pasted({ seed, last: point, hold }: Stroke): Paste | null {
  const { copied } = rewrite.get().rule;
  const known = last();
  const source = hold && known ? { seed: known.from, mask: known.mask } : copied;
  if (!source) return null;
  const at = hold ? { x: point.x - hold.x, y: point.y - hold.y } : point;
  return { ...centred(source.mask, known?.scale ?? 1, at), from: source.seed, into: seed };
}

/** Every cell that a box between two places touches. */
export function boxed(size: number, from: Point, to: Point): Mask {
  const mask = emptyMask(size);
  const range = (a: number, b: number) => {
    const clamp = (value: number) => Math.min(size - 1, Math.max(0, Math.floor(value * size)));
    return [clamp(Math.min(a, b)), clamp(Math.max(a, b))] as const;
  };
  const [left, right] = range(from.x, to.x);
  const [top, bottom] = range(from.y, to.y);
  for (let row = top; row <= bottom; row++) mask.cells.fill(255, row * size + left, row * size + right + 1);
  return mask;
}

/** Nothing is marked in this picture any more. */
export function unmark(seed: number): void {
  const { tool } = tools.get();
  const empty = emptyMask(gridOf(rewrite.get()));
  if (!marked(seed, tool)) toast({ title: `Nothing is marked in picture ${seed}` });
  else if (tool === "context" || tool === "protect") apply((state) => withPlace(state, tool, seed, empty));
  else apply((state) => withCopied(state, seed, empty));
}
