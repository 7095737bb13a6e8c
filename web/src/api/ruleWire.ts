import { boxOf, placementOf } from "../engine/clip";
import { inflate, zlibStored } from "../engine/frame";
import { fromBase64, type Mask, toBase64 } from "../engine/mask";
import type { Paste, RuleState, Selection } from "../engine/rule";
import { under } from "../engine/rule";
import type { WireSelection, WireState } from "./rewriting";
import type { components } from "./types";
import { boxMask } from "./wire";

type Region = WireSelection["region"];
type WirePaste = NonNullable<WireState["pastes"]>[number];

const regionOf = ({ size, cells }: Mask): Region => ({
  mask: toBase64(zlibStored(cells)),
  height: size,
  width: size,
});

export const selectionToWire = ({ seed, mask }: Selection): WireSelection => ({
  seed,
  region: regionOf(mask),
});

const pasteToWire = (paste: Paste, imageSize: number): WirePaste => ({
  kind: "paste",
  source: { seed: paste.from, region: regionOf(paste.mask) },
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
    const mask = await this.fresh(region, grid, imageSize);
    this.known.set(key, mask);
    return mask;
  }

  private async fresh(region: Region, grid: number, imageSize: number): Promise<Mask> {
    if ("box" in region) return boxMask(region.box, grid, imageSize);
    if (region.height !== region.width) throw new Error("this mask is not square");
    return { size: region.width, cells: await inflate(fromBase64(region.mask)) };
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
  const { choices } = wire;
  return {
    stack: (wire.stack ?? []).map((entry) => ({
      rule: entry.rule,
      name: entry.name ?? "",
      strength: entry.strength ?? 1,
      hidden: entry.hidden ?? false,
    })),
    context: await Promise.all((wire.context ?? []).map(selection)),
    protect: await Promise.all((wire.protect ?? []).map(selection)),
    goal: wire.goal ?? "paste",
    copied: wire.copied ? await selection(wire.copied) : null,
    pastes: await Promise.all((wire.pastes ?? []).map(paste)),
    another: wire.another ?? false,
    erased: wire.erased ?? 30,
    making: wire.making ?? null,
    choices: {
      layer: choices.layer,
      rank: choices.rank ?? 1,
      ridge: choices.ridge ?? 0.01,
      method: choices.method ?? "whitened",
      solver: choices.solver ?? "reduced",
      steps: choices.steps ?? null,
      halo: choices.halo ?? 1,
    },
  };
}
