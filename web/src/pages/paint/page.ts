import "./paint.css";
import { neighbour, shuffle } from "../../engine/seeds";
import { type Action, action, shared } from "../../engine/shortcuts";
import { chooseFile, type Page } from "../../kit";
import { copyActions, easelActions, timings } from "../../kit/easel";
import { address } from "./address";
import { copyLink, exportPng, LARGER } from "./exporting";
import { PaintPage } from "./PaintPage";
import { dialogs, easel, openSeed, paint } from "./session";

const seeds = (next: (seed: number) => number) => () => openSeed(next(paint.get().seed));
const others = seeds((seed) => shuffle(Math.random, 1, seed));

const actions: readonly Action[] = [
  ...easelActions(easel),
  shared("export", () => exportPng()),
  ...LARGER.map((scale) =>
    action("Share", `export-${scale}`, `Save as PNG, ${scale} times as large`, "", () => exportPng(scale), {
      icon: "download",
    }),
  ),
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
  action("Share", "paintings", "My paintings", "", () => dialogs.set({ paintings: true }), {
    icon: "folder",
  }),
  action("Share", "import", "Open a PNG or recipe", "", () => chooseFile("import-file"), { icon: "upload" }),
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
