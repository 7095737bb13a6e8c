import { problemOf } from "../../api/client";
import { ruleApi } from "../../api/rewriting";
import { activeOf, type Entry } from "../../engine/editStack";
import { Latest } from "../../engine/latest";
import { Store } from "../../engine/store";
import { complain } from "../../kit";
import { installed, rewrite } from "./state";

/** As many pictures are asked for at once: the studio keeps what lies below a rule by these groups. */
export const GROUP = 16;

type Urls = Readonly<Record<number, string>>;

export interface WallState {
  /** Pictures as the model draws them, and with the rules that are on. */
  readonly plain: Urls;
  readonly edited: Urls;
  /** What `edited` was drawn with. */
  readonly drawn: string;
  readonly busy: boolean;
  /** From asking for the pictures to having all of them. */
  readonly milliseconds: number;
}

export const wall = new Store<WallState>({ plain: {}, edited: {}, drawn: "", busy: false, milliseconds: 0 });

interface Asked {
  readonly model: string;
  readonly seeds: readonly number[];
  readonly edits: readonly Entry[];
  readonly key: string;
}

export const groupsOf = (seeds: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(seeds.length / GROUP) }, (_, group) =>
    seeds.slice(group * GROUP, (group + 1) * GROUP),
  );

export const editsKey = (edits: readonly Entry[]): string =>
  edits.map(({ rule, strength }) => `${rule}*${strength}`).join("+");

const active = (): Entry[] => activeOf(installed(rewrite.get()));

const current = (asked: Asked): boolean => rewrite.get().model?.name === asked.model;

/** Group after group, each shown as it comes. */
async function load(asked: Asked, kind: "plain" | "edited"): Promise<void> {
  const edits = kind === "plain" ? [] : asked.edits.map((one) => ({ ...one }));
  for (const seeds of groupsOf(asked.seeds)) {
    const wanted = kind === "plain" ? seeds.filter((seed) => !wall.get().plain[seed]) : seeds;
    if (wanted.length === 0) continue;
    if (latest.hasWaiting && kind === "edited") return;
    const { pictures } = await ruleApi.wall(asked.model, { seeds: wanted, edits });
    if (!current(asked)) return;
    const urls = Object.fromEntries(pictures.map(({ seed, image }) => [seed, image]));
    wall.set({ [kind]: { ...wall.get()[kind], ...urls } });
  }
}

/** What was asked for last; empty where it has to be asked for again. */
let last = "";

const latest: Latest<Asked, number> = new Latest(
  async (asked: Asked) => {
    const started = performance.now();
    if (asked.edits.length > 0) await load(asked, "edited");
    await load(asked, "plain");
    return performance.now() - started;
  },
  (milliseconds, asked) =>
    wall.set({
      drawn: asked.key,
      busy: latest.hasWaiting,
      milliseconds,
      ...(asked.edits.length === 0 ? { edited: {} } : {}),
    }),
  (error) => {
    last = "";
    wall.set({ busy: false });
    complain(problemOf(error));
  },
);

/** Draw the wall as it should be now; of several wishes the newest counts. */
export function drawWall(again = false): void {
  const { model, seeds } = rewrite.get();
  if (!model || seeds.length === 0) return;
  const edits = active();
  const key = `${model.name}/${seeds.join()}/${editsKey(edits)}`;
  if (key === last && !again) return;
  last = key;
  wall.set({ busy: true });
  latest.ask({ model: model.name, seeds, edits, key });
}

/** Another model: nothing that is held fits. */
export function clearWall(): void {
  last = "";
  latest.drop();
  wall.set({ plain: {}, edited: {}, drawn: "", busy: false });
}

/** Pictures of the context or the goal that are not on the wall are wanted for their thumbnails. */
export async function needPlain(seeds: readonly number[]): Promise<void> {
  const { model } = rewrite.get();
  const missing = seeds.filter((seed) => !wall.get().plain[seed]);
  if (!model || missing.length === 0) return;
  try {
    const { pictures } = await ruleApi.wall(model.name, { seeds: missing, edits: [] });
    const urls = Object.fromEntries(pictures.map(({ seed, image }) => [seed, image]));
    if (rewrite.get().model === model) wall.set({ plain: { ...wall.get().plain, ...urls } });
  } catch (error) {
    complain(problemOf(error));
  }
}
