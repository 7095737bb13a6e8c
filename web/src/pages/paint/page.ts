import "./paint.css";
import { neighbour, shuffle } from "../../engine/seeds";
import type { Action } from "../../engine/shortcuts";
import { shared } from "../../engine/shortcuts";
import { chooseFile, type Page } from "../../kit";
import { copyActions, easelActions, timings } from "../../kit/easel";
import { address } from "./address";
import { copyLink, exportPng } from "./exporting";
import { PaintPage } from "./PaintPage";
import { dialogs, easel, openSeed, paint } from "./session";

const seeds = (next: (seed: number) => number) => () => openSeed(next(paint.get().seed));
const others = seeds((seed) => shuffle(Math.random, 1, seed));

const actions: readonly Action[] = [
  ...easelActions(easel),
  shared("export", exportPng),
  shared(
    "next-picture",
    seeds((seed) => neighbour(seed, 1)),
  ),
  shared(
    "previous-picture",
    seeds((seed) => neighbour(seed, -1)),
  ),
  shared("shuffle", others),
  ...copyActions(easel, copyLink),
  {
    name: "paintings",
    label: "My paintings",
    group: "Share",
    keys: [],
    icon: "folder",
    run: () => dialogs.set({ paintings: true }),
  },
  {
    name: "import",
    label: "Open a PNG or recipe",
    group: "Share",
    keys: [],
    icon: "upload",
    run: () => chooseFile("import-file"),
  },
];

/** The start page: paint with the units of a generator. */
export const page: Page = {
  name: "paint",
  title: "Paint",
  icon: "brush",
  place: 1,
  component: PaintPage,
  address,
  actions,
  work: easel.work(),
  start: () => {
    timings.start();
    easel.connect();
  },
};
