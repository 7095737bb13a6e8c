import type { ModelInfo, Problem } from "../../api/client";
import type { RuleInfo, RuleLayer } from "../../api/rewriting";
import type { Entry } from "../../engine/editStack";
import type { Mask } from "../../engine/mask";
import type { Advice, Audit } from "../../engine/results";
import { emptyState, type Role, type RuleState } from "../../engine/rule";
import { Store } from "../../engine/store";

export type Tool = Role | "copy" | "paste";

const REWRITE = {
  model: null as ModelInfo | null,
  layers: [] as readonly RuleLayer[],
  concepts: [] as readonly string[],
  /** What names the model on the command line. */
  command: "",
  rule: emptyState(""),
  infos: {} as Readonly<Record<string, RuleInfo>>,
  seeds: [] as readonly number[],
  seedText: "",
  seedProblem: "",
  /** Places like the context, by picture; null where nobody asked. */
  marks: null as Readonly<Record<number, Mask>> | null,
  said: "",
  /** The goal that the last rule was made for: it is drawn now, and need not be shown over the pictures. */
  madeFor: null as RuleState["pastes"] | null,
  audit: null as Audit | null,
  advice: null as Advice | null,
  problem: null as Problem | null,
};

export type RewriteState = Readonly<typeof REWRITE>;
export const rewrite = new Store<RewriteState>(REWRITE);

const TOOLS = {
  tool: "context" as Tool,
  shape: "brush" as "brush" | "box",
  erasing: false,
  /** In cells of the layer. */
  diameter: 2,
  original: false,
  peek: false,
  hideMasks: false,
  /** Fingers scroll the wall instead of marking it. */
  hand: false,
  /** How many pictures a search looks through. */
  among: 1000,
};

/** What the hand holds, and how the wall is looked at: neither is undone nor kept. */
export const tools = new Store<Readonly<typeof TOOLS>>(TOOLS);

export const sizes = { smallest: 1, largest: 12 };

/** Cells along a side of the layer that is rewritten. */
export const gridOf = ({ rule, layers }: RewriteState): number =>
  layers.find((layer) => layer.name === rule.choices.layer)?.size ?? 16;

/** The rules of the stack that the installed version of the model draws with: those of a former one are only shown. */
export const installed = ({ rule, infos }: Pick<RewriteState, "rule" | "infos">): Entry[] =>
  rule.stack.filter((one) => !infos[one.rule]?.former);

export const imageSize = (): number => rewrite.get().model?.image_size ?? 64;
