import { useLayoutEffect } from "preact/hooks";
import { formatRoute, type Query, type Route } from "../engine/route";
import type { Store } from "../engine/store";
import { go, isLeft, router } from "./router";

/** How a page and the address bar say the same. */
export interface Address {
  /** Where what `write` reads is held. */
  readonly stores: readonly Pick<Store<object>, "subscribe">[];
  /** What the address says of what is shown; null while there is nothing to say. Empty values are left out. */
  readonly write: () => Query | null;
  /** Show what an address asks for, and be done when it is shown. */
  readonly follow: (query: Query) => unknown;
  /** Parts of the address whose change is an entry of its own in the browser's history. */
  readonly entries: readonly string[];
}

/**
 * Hold the address bar and a page together: what is shown is written there; Back, links and what is typed are
 * followed. While an address is followed nothing is written: what is shown then is no longer, or not yet, what was
 * asked for. Of several that are asked for, the newest counts.
 */
export function hold(page: string, { stores, write, follow, entries }: Address): () => void {
  let asked: Route | null = null;
  let waiting = false;
  let over = false;
  const text = (query: Query) => formatRoute({ page, query });
  const tell = () => {
    waiting = false;
    const { route } = router.get();
    const query = over || asked || route.page !== page || isLeft() ? null : write();
    if (!query) return;
    const moved = entries.some((key) => (query[key] ?? "") !== (route.query[key] ?? ""));
    go(page, { ...route.query, ...query }, !moved);
  };
  const listen = () => {
    const { route } = router.get();
    const shown = write();
    if (route.page !== page || route === asked) return;
    if (!asked && shown && text({ ...route.query, ...shown }) === text(route.query)) return;
    asked = route;
    const done = () => {
      if (asked !== route) return;
      asked = null;
      const query = over || isLeft() || router.get().route !== route ? null : write();
      if (query) go(page, { ...route.query, ...query }, true);
    };
    Promise.resolve(follow(route.query)).then(done, done);
  };
  const changed = () => {
    if (!waiting) queueMicrotask(tell);
    waiting = true;
  };
  const stops = [router.subscribe(listen), ...stores.map((store) => store.subscribe(changed))];
  listen();
  return () => {
    over = true;
    for (const stop of stops) stop();
  };
}

/** The address of the page that is shown. */
export function useAddress(page: string, address: Address | undefined): void {
  useLayoutEffect(() => address && hold(page, address), [page]);
}
