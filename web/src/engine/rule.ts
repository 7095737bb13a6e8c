import { DEFAULTS } from "../api/defaults";
import type { Placement } from "./clip";
import { type Entry, fileStem, withoutEdit } from "./editStack";
import { emptyMask, isEmpty, type Mask } from "./mask";

/** A picture, and where in it. */
export interface Selection {
  readonly seed: number;
  readonly mask: Mask;
}

export interface Paste extends Placement {
  /** Copied from this picture. */
  readonly from: number;
  /** Pasted into this one. */
  readonly into: number;
}

export interface Choices {
  readonly layer: string;
  readonly rank: number;
  readonly ridge: number;
  readonly method: "whitened" | "svd" | "mean" | "units";
  readonly solver: "reduced" | "steps" | "layer";
  readonly steps: number | null;
  readonly halo: number;
}

/** Everything that undo takes back. */
export interface RuleState {
  readonly stack: readonly Entry[];
  readonly context: readonly Selection[];
  /** What must stay as it is. */
  readonly protect: readonly Selection[];
  readonly goal: "paste" | "erase";
  readonly copied: Selection | null;
  readonly pastes: readonly Paste[];
  readonly another: boolean;
  readonly erased: number;
  readonly making: string | null;
  readonly choices: Choices;
}

export function emptyState(layer: string): RuleState {
  const choices: Choices = { ...DEFAULTS.RuleChoices, layer, steps: null };
  return {
    stack: [],
    context: [],
    protect: [],
    ...DEFAULTS.WorkState,
    copied: null,
    pastes: [],
    making: null,
    choices,
  };
}

/** A stroke laid over what was marked before, or taken out of it. Grids of another size start afresh. */
export function combined(before: Mask | null, stroke: Mask, erasing: boolean): Mask {
  const base = before?.size === stroke.size ? before.cells : emptyMask(stroke.size).cells;
  const cells = stroke.cells.map((weight, index) => {
    const old = base[index] ?? 0;
    return erasing ? Math.round((old * (255 - weight)) / 255) : Math.max(old, weight);
  });
  return { size: stroke.size, cells };
}

/** What places of several pictures are marked as. */
export type Role = "context" | "protect";

/** What is marked in a picture becomes the context there, or protected; an empty mask takes the picture out. */
export function withPlace(state: RuleState, role: Role, seed: number, mask: Mask): RuleState {
  const places = state[role];
  const selection = { seed, mask };
  if (isEmpty(mask)) return { ...state, [role]: places.filter((one) => one.seed !== seed) };
  const known = places.findIndex((one) => one.seed === seed);
  return { ...state, [role]: known < 0 ? [...places, selection] : places.with(known, selection) };
}

export const placeOf = (state: RuleState, role: Role, seed: number): Mask | null =>
  state[role].find((one) => one.seed === seed)?.mask ?? null;

export function withCopied(state: RuleState, seed: number, mask: Mask): RuleState {
  return { ...state, goal: "paste", copied: isEmpty(mask) ? null : { seed, mask } };
}

/** As many fit into one rule. */
export const MOST_PASTES = 16;

/** A paste takes the place of the last one, unless one more was asked for. */
export function withPaste(state: RuleState, paste: Paste): RuleState {
  const kept = state.another ? state.pastes : state.pastes.slice(0, -1);
  return { ...state, goal: "paste", pastes: [...kept, paste], another: false };
}

export function withoutPaste(state: RuleState, index: number): RuleState {
  return { ...state, pastes: state.pastes.filter((_, place) => place !== index), another: false };
}

/**
 * A rule that was made of what was marked then: it takes the place of the one that the same draft made before, or lies
 * on top. Where another draft was begun meanwhile, that one stays what it is.
 */
export function withRule(state: RuleState, rule: string, name: string, then = state): RuleState {
  const at = state.stack.findIndex((one) => one.rule === then.making);
  const before = state.stack[at];
  const entry: Entry = { rule, name: before?.name ?? name, strength: before?.strength ?? 1, hidden: false };
  const stack = before ? state.stack.with(at, entry) : [...state.stack, entry];
  const begun = state.making !== then.making || (state.context.length === 0 && then.context.length > 0);
  return { ...state, stack, making: begun ? state.making : rule };
}

/** The rules that are on while another is made: all but the one whose place it takes. */
export const under = (state: RuleState): readonly Entry[] =>
  state.stack.filter((one) => one.rule !== state.making);

export function withoutEntry(state: RuleState, rule: string): RuleState {
  return { ...withoutEdit(state, rule), making: state.making === rule ? null : state.making };
}

/** Start another rule: no context and no goal; what was made stays, and what is protected. */
export function fresh(state: RuleState): RuleState {
  return { ...state, context: [], copied: null, pastes: [], another: false, making: null };
}

export function freshName(stack: readonly Entry[]): string {
  for (let number = stack.length + 1; ; number++) {
    const name = `Rule ${number}`;
    if (!stack.some((one) => one.name === name)) return name;
  }
}

/** What is missing before a rule can be made, in one sentence; empty where nothing is. */
export function missing(state: RuleState): string {
  if (state.context.length === 0) return "Mark the context: brush over what the rule is about.";
  if (state.goal === "erase") return "";
  if (state.pastes.length > 0) return "";
  return state.copied ? "Click where to paste it." : "Mark what to copy.";
}

/** The strength of a rule as a slider shows it, 0 (gentle) to 100 (strong), and the ridge that it stands for. */
export const ridgeOf = (strength: number): number =>
  Number((10 ** (1 - (strength / 100) * 5)).toPrecision(3));
export const strengthOf = (ridge: number): number =>
  Math.round(Math.min(100, Math.max(0, (100 * (1 - Math.log10(Math.max(ridge, 1e-9)))) / 5)));

/** The name under which the browser saves a task. */
export const taskNameOf = (name: string): string => `${fileStem(name, "rule")}.toml`;
