export type Query = Readonly<Record<string, string>>;

/** What the address bar holds after the `#`: a page and what is shown on it. */
export interface Route {
  readonly page: string;
  readonly query: Query;
}

/** Read `#/units?model=town&layer=layer16a`; anything unreadable is the start page. */
export function parseRoute(hash: string, pages: readonly string[]): Route {
  const text = hash.replace(/^#\/?/, "");
  const [name = "", ...rest] = text.split("?");
  const query: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(rest.join("?"))) query[key] = value;
  return { page: pages.includes(name) ? name : (pages[0] ?? ""), query };
}

/** Write a route; empty values are left out, so that addresses stay short. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(route.query)) if (value !== "") query.set(key, value);
  const text = query.toString().replaceAll("%2C", ",");
  return `#/${route.page}${text ? `?${text}` : ""}`;
}

/** A whole number within limits, or the fallback where the text is none. */
export function numberIn(
  text: string | undefined,
  fallback: number,
  lowest: number,
  highest: number,
): number {
  if (text === undefined || text.trim() === "") return fallback;
  const value = Number(text);
  return Number.isFinite(value) ? Math.min(highest, Math.max(lowest, value)) : fallback;
}

export function oneOf<Choice extends string>(
  text: string | undefined,
  choices: readonly Choice[],
  fallback: Choice,
): Choice {
  return choices.find((choice) => choice === text) ?? fallback;
}
