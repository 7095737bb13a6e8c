import { formatRoute, parseRoute, type Query, type Route } from "../engine/route";
import { Store } from "../engine/store";

/** Where we are. The address bar is the truth; Back and Forward arrive here too. */
export const router = new Store<{ route: Route }>({ route: { page: "", query: {} } });

/** What the bar held when it was read or written last. */
let bar = "";

/** Follow the address bar, among these pages. */
export function startRouter(pages: readonly string[]): void {
  const read = () => {
    bar = location.hash;
    router.set({ route: parseRoute(bar, pages) });
  };
  read();
  window.addEventListener("hashchange", read);
  window.addEventListener("popstate", read);
}

/** Whether the bar holds something else already, of which the browser is about to tell. */
export const isLeft = (): boolean => location.hash !== bar;

const remembered = new Map<string, Query>();

/** Go somewhere. A page is found again as it was left, unless something else is asked for. */
export function go(page: string, query?: Query, replace = false): void {
  const { route } = router.get();
  remembered.set(route.page, route.query);
  const next: Route = { page, query: query ?? remembered.get(page) ?? {} };
  const address = formatRoute(next);
  if (address === formatRoute(route)) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  bar = location.hash;
  router.set({ route: next });
}

/** Change what the present page shows; small changes replace the entry, so that Back is not worn out. */
export function show(change: Query, replace = true): void {
  const { route } = router.get();
  go(route.page, { ...route.query, ...change }, replace);
}
