import type { ComponentType } from "preact";
import type { SaveState } from "../engine/autosave";
import type { IconName } from "../engine/icons";
import type { Action } from "../engine/shortcuts";
import type { Store } from "../engine/store";
import type { Address } from "./address";
import { router, startRouter } from "./router";

/** What was done on a page and is to lie in the studio's store. */
export interface Work {
  readonly store: Pick<Store<{ save: SaveState }>, "get" | "subscribe">;
  /** Try to keep what waits. */
  readonly retry: () => Promise<void>;
}

/** A page of the studio: all that the header, the router, the list of shortcuts and the palette know of it. */
export interface Page {
  readonly name: string;
  readonly title: string;
  readonly icon: IconName;
  /** Its place among the pages, from 1; also the key that goes there. */
  readonly place: number;
  readonly component: ComponentType;
  readonly address?: Address;
  readonly actions?: readonly Action[];
  readonly work?: Work;
  /** What runs once, when the studio is opened, whichever page is shown. */
  readonly start?: () => void;
}

export const studio: { pages: readonly Page[]; common: readonly Action[] } = { pages: [], common: [] };

/** Open the studio with these pages, in this order, and what can be done on all of them. */
export function open(pages: readonly Page[], common: readonly Action[]): void {
  studio.pages = pages;
  studio.common = common;
  startRouter(studio.pages.map((page) => page.name));
  for (const page of pages) page.start?.();
}

/** What can be done on a page. */
export const actionsOf = (page: Page | undefined): readonly Action[] => [
  ...(page?.actions ?? []),
  ...studio.common,
];

/** The page that is shown. */
export const pageNow = (): Page | undefined =>
  studio.pages.find((page) => page.name === router.get().route.page);
