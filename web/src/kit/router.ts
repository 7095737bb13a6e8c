import { formatRoute, parseRoute, type Route } from "../engine/route";
import { Store } from "../engine/store";

export const PAGES = ["paint", "photo", "units", "rewrite", "models"] as const;

const read = () => parseRoute(location.hash, PAGES);

/** Where we are. The address bar is the truth; Back and Forward arrive here too. */
export const router = new Store<{ route: Route }>({ route: read() });

window.addEventListener("hashchange", () => router.set({ route: read() }));
window.addEventListener("popstate", () => router.set({ route: read() }));

const remembered = new Map<string, Route["query"]>();

/** Go somewhere. A page is found again as it was left, unless something else is asked for. */
export function go(page: string, query?: Route["query"], replace = false): void {
  const { route } = router.get();
  remembered.set(route.page, route.query);
  const next: Route = { page, query: query ?? remembered.get(page) ?? {} };
  const address = formatRoute(next);
  if (address === formatRoute(route)) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  router.set({ route: next });
}

/** Change what the present page shows; small changes replace the entry, so that Back is not worn out. */
export function show(change: Readonly<Record<string, string>>, replace = true): void {
  const { route } = router.get();
  go(route.page, { ...route.query, ...change }, replace);
}
