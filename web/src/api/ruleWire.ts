import { boxOf, placementOf } from "../engine/clip";
import type { Mask } from "../engine/mask";
import { emptyState, type Paste, type RuleState, type Selection, under } from "../engine/rule";
import type { WireSelection, WireState } from "./rewriting";
import type { components } from "./types";
import { maskOf, regionToWire } from "./wire";

type Region = WireSelection["region"];
type WirePaste = NonNullable<WireState["pastes"]>[number];

export const selectionToWire = ({ seed, mask }: Selection): WireSelection => ({
  seed,
  region: regionToWire(mask),
});

const pasteToWire = (paste: Paste, imageSize: number): WirePaste => ({
  kind: "paste",
  source: { seed: paste.from, region: regionToWire(paste.mask) },
  target: { seed: paste.into, region: { box: boxOf(paste, imageSize) } },
  scale: paste.scale,
});

export function stateToWire(state: RuleState, imageSize: number): WireState {
  return {
    ...state,
    stack: state.stack.map((entry) => ({ ...entry })),
    context: state.context.map(selectionToWire),
    protect: state.protect.map(selectionToWire),
    copied: state.copied && selectionToWire(state.copied),
    pastes: state.pastes.map((paste) => pasteToWire(paste, imageSize)),
    choices: { ...state.choices },
  };
}

/** What is asked for when a rule is made: an erasing rule has a goal for each picture of its context. */
export function requestOf(
  state: RuleState,
  name: string,
  imageSize: number,
): components["schemas"]["RuleRequest"] {
  const wire = stateToWire(state, imageSize);
  const erasing = (wire.context ?? []).map((target) => ({
    kind: "erase" as const,
    target,
    units: state.erased,
  }));
  return {
    name,
    context: wire.context ?? [],
    protect: wire.protect ?? [],
    goals: state.goal === "erase" ? erasing : (wire.pastes ?? []),
    choices: wire.choices,
    over: under(state).map((entry) => ({ ...entry })),
  };
}

/** Reads masks; the same bytes give the same mask, so that a thousand steps share what they have in common. */
export class MaskReader {
  private readonly known = new Map<string, Mask>();

  async read(region: Region, grid: number, imageSize: number): Promise<Mask> {
    const key = JSON.stringify(region);
    const known = this.known.get(key);
    if (known) return known;
    const mask = await maskOf(region, grid, imageSize);
    this.known.set(key, mask);
    return mask;
  }
}

export async function stateFromWire(
  wire: WireState,
  reader: MaskReader,
  grid: number,
  imageSize: number,
): Promise<RuleState> {
  const selection = async (one: WireSelection): Promise<Selection> => ({
    seed: one.seed,
    mask: await reader.read(one.region, grid, imageSize),
  });
  const paste = async ({ source, target, scale }: WirePaste): Promise<Paste> => {
    const mask = await reader.read(source.region, grid, imageSize);
    const box = "box" in target.region ? target.region.box : [0, 0, imageSize, imageSize];
    return { ...placementOf(mask, scale ?? 1, box, imageSize), from: source.seed, into: target.seed };
  };
  const empty = emptyState(wire.choices.layer);
  const entry = { name: "", strength: 1, hidden: false };
  return {
    ...empty,
    ...wire,
    stack: (wire.stack ?? []).map((one) => ({ ...entry, ...one })),
    context: await Promise.all((wire.context ?? []).map(selection)),
    protect: await Promise.all((wire.protect ?? []).map(selection)),
    copied: wire.copied ? await selection(wire.copied) : null,
    pastes: await Promise.all((wire.pastes ?? []).map(paste)),
    choices: { ...empty.choices, ...wire.choices },
  };
}
