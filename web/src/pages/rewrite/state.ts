import type { ModelInfo, Problem } from "../../api/client";
import type { RuleInfo, RuleLayer } from "../../api/rewriting";
import type { Advice, Audit } from "../../engine/audit";
import type { SaveState } from "../../engine/autosave";
import type { Mask } from "../../engine/mask";
import { emptyState, type Role, type RuleState } from "../../engine/rule";
import { Store } from "../../engine/store";

export type Tool = Role | "copy" | "paste";

export interface RewriteState {
  readonly model: ModelInfo | null;
  readonly layers: readonly RuleLayer[];
  readonly concepts: readonly string[];
  /** What names the model on the command line. */
  readonly command: string;
  readonly rule: RuleState;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly save: SaveState;
  readonly infos: Readonly<Record<string, RuleInfo>>;
  readonly seeds: readonly number[];
  readonly seedText: string;
  readonly seedProblem: string;
  /** Places like the context, by picture; null where nobody asked. */
  readonly marks: Readonly<Record<number, Mask>> | null;
  readonly said: string;
  /** The goal that the last rule was made for: it is drawn now, and need not be shown over the pictures. */
  readonly madeFor: RuleState["pastes"] | null;
  readonly audit: Audit | null;
  readonly advice: Advice | null;
  readonly problem: Problem | null;
}

export const rewrite = new Store<RewriteState>({
  model: null,
  layers: [],
  concepts: [],
  command: "",
  rule: emptyState(""),
  canUndo: false,
  canRedo: false,
  save: "new",
  infos: {},
  seeds: [],
  seedText: "",
  seedProblem: "",
  marks: null,
  said: "",
  madeFor: null,
  audit: null,
  advice: null,
  problem: null,
});

export interface ToolState {
  readonly tool: Tool;
  readonly shape: "brush" | "box";
  readonly erasing: boolean;
  /** In cells of the layer. */
  readonly diameter: number;
  readonly original: boolean;
  readonly peek: boolean;
  readonly hideMasks: boolean;
  /** Fingers scroll the wall instead of marking it. */
  readonly hand: boolean;
  /** How many pictures a search looks through. */
  readonly among: number;
}

/** What the hand holds, and how the wall is looked at: neither is undone nor kept. */
export const tools = new Store<ToolState>({
  tool: "context",
  shape: "brush",
  erasing: false,
  diameter: 2,
  original: false,
  peek: false,
  hideMasks: false,
  hand: false,
  among: 1000,
});

export const sizes = { smallest: 1, largest: 12 };

/** Cells along a side of the layer that is rewritten. */
export const gridOf = ({ rule, layers }: RewriteState): number =>
  layers.find((layer) => layer.name === rule.choices.layer)?.size ?? 16;

export const imageSize = (): number => rewrite.get().model?.image_size ?? 64;
