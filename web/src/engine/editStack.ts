/** An edit of weights in a stack of them. */
export interface Entry {
  readonly rule: string;
  readonly name: string;
  readonly strength: number;
  readonly hidden: boolean;
}

/** What holds a stack of edits, lowest first. */
export interface Stacked {
  readonly stack: readonly Entry[];
}

export function withEntry<State extends Stacked>(
  state: State,
  rule: string,
  change: Partial<Omit<Entry, "rule">>,
): State {
  return { ...state, stack: state.stack.map((one) => (one.rule === rule ? { ...one, ...change } : one)) };
}

export function withoutEdit<State extends Stacked>(state: State, rule: string): State {
  return { ...state, stack: state.stack.filter((one) => one.rule !== rule) };
}

/** One more edit, on top of the others. */
export function withEdit<State extends Stacked>(state: State, rule: string, name: string): State {
  return { ...state, stack: [...state.stack, { rule, name, strength: 1, hidden: false }] };
}

export function reordered<State extends Stacked>(state: State, rule: string, by: number): State {
  const at = state.stack.findIndex((one) => one.rule === rule);
  const to = at + by;
  const entry = state.stack[at];
  if (!entry || to < 0 || to >= state.stack.length) return state;
  return { ...state, stack: state.stack.toSpliced(at, 1).toSpliced(to, 0, entry) };
}

/** The edits that change anything. */
export const activeOf = (stack: readonly Entry[]): Entry[] =>
  stack.filter((one) => !one.hidden && one.strength > 0);

/** What people called something, as part of a file's name: as the studio makes it. */
export const fileStem = (name: string, otherwise: string): string =>
  name
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "")
    .slice(0, 60) || otherwise;

/** The name under which the browser saves an edit. */
export const fileNameOf = (name: string): string => `${fileStem(name, "edit")}.edit.safetensors`;

/** The files of the edits that are on, lowest first. */
export const editsOf = (stack: readonly Entry[]): string[] =>
  activeOf(stack).map((one) => fileNameOf(one.name));
