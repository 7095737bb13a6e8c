/** The first and the last of the tokens that are marked as the subject. */
export type Mark = readonly [number, number];

/** A mark as it stands in the address; null where it says none of so many tokens. */
export function parseMark(text: string | undefined, tokens: number): Mark | null {
  const found = /^(\d+)-(\d+)$/.exec(text ?? "");
  const mark: Mark = [Number(found?.[1]), Number(found?.[2])];
  return found && mark[0] <= mark[1] && mark[1] < tokens ? mark : null;
}

export const formatMark = (mark: Mark | null): string => (mark ? `${mark[0]}-${mark[1]}` : "");

/** What choosing a token does: it begins a mark, extends the one that is there, or begins anew inside it. */
export function marked(mark: Mark | null, token: number): Mark {
  if (!mark || (mark[0] <= token && token <= mark[1])) return [token, token];
  return [Math.min(mark[0], token), Math.max(mark[1], token)];
}

/** The mark that covers a part of the text; null where it is not there. */
export function markOf(tokens: readonly string[], part: string): Mark | null {
  const start = part ? tokens.join("").indexOf(part) : -1;
  if (start < 0) return null;
  let at = 0;
  const covered = tokens.flatMap((token, index) => {
    const from = at;
    at += token.length;
    return from < start + part.length && at > start ? [index] : [];
  });
  const [first, last] = [covered[0], covered.at(-1)];
  return first === undefined || last === undefined ? null : [first, last];
}

/** The subject, and the prompt with {} in its place. */
export function subjectOf(tokens: readonly string[], mark: Mark): { prompt: string; subject: string } {
  const text = tokens.slice(mark[0], mark[1] + 1).join("");
  const subject = text.trim();
  const lead = text.slice(0, text.length - text.trimStart().length);
  const before = tokens.slice(0, mark[0]).join("") + lead;
  return { prompt: `${before}{}${tokens.slice(mark[1] + 1).join("")}`, subject };
}

/** The token and layer of the largest value. */
export function peakOf(values: readonly (readonly number[])[]): {
  token: number;
  layer: number;
  value: number;
} {
  let peak = { token: 0, layer: 0, value: -Infinity };
  values.forEach((row, token) => {
    row.forEach((value, layer) => {
      if (value > peak.value) peak = { token, layer, value };
    });
  });
  return peak;
}
