import { type Action, isAble, shared } from "../../engine/shortcuts";
import type { Mode } from "../../engine/stroke";
import { chooseFile, copy } from "../../kit";
import { copyActions, easelActions, toggle } from "../../kit/easel";
import { giveUp, invert, stopAndUse } from "./inverting";

import { photos, type Step, stepOf } from "./state";
import { easel, exportInversion, exportPhoto } from "./work";

const at = (step: Step) => stepOf(photos.get()) === step;
const group = "Photo";
const painting = (name: string, label: string, key: string, run: () => unknown): Action => ({
  name,
  label,
  group,
  keys: [key],
  run,
});
const mode = (value: Mode) => () => easel.paint.set({ mode: value });
const mark = () => easel.look.set({ marked: !easel.look.get().marked });

/** What can be done once the photo is painted on. */
const onThePhoto: readonly Action[] = [
  ...easelActions(easel),
  shared("export", exportPhoto),
  painting("keep", "Keep the photo under the brush", "p", mode("keep")),
  painting("islands", "Drop and keep islands", "d", mode("drop")),
  painting("influence", "What strokes influence, on and off", "i", mark),
  painting("inversion", "The inversion, on and off", "n", () => toggle(easel, "features")),
  painting("adapted", "The adapted picture, on and off", "t", () => toggle(easel, "adapted")),
  ...copyActions(easel, () => copy(location.href, "Link")),
  {
    name: "save-inversion",
    label: "Save the inversion",
    group,
    keys: [],
    icon: "download",
    run: exportInversion,
  },
];

export const actions: readonly Action[] = [
  {
    name: "choose-photo",
    label: "Choose a photo",
    group,
    keys: ["Ctrl+o"],
    run: () => chooseFile("photo-file"),
  },
  {
    name: "stop-and-use",
    label: "Stop and use",
    group,
    keys: ["u"],
    able: () => at("running"),
    run: stopAndUse,
  },
  shared("execute", invert, { label: "Invert the photo", group, able: () => at("fit") }),
  shared("abort", giveUp, { label: "Give the inversion up", group, able: () => at("running") }),
  ...onThePhoto.map((one) => ({ ...one, able: () => at("paint") && isAble(one) })),
];
