import { type Action, action, isAble, shared } from "../../engine/shortcuts";
import type { Mode } from "../../engine/stroke";
import { chooseFile, copy } from "../../kit";
import { copyActions, easelActions, toggle } from "../../kit/easel";
import { giveUp, invert, stopAndUse } from "./inverting";

import { photos, type Step, stepOf } from "./state";
import { easel, exportInversion, exportPhoto } from "./work";

const at = (step: Step) => stepOf(photos.get()) === step;
const group = "Photo";
const mode = (value: Mode) => () => easel.paint.set({ mode: value });
const mark = () => easel.look.set({ marked: !easel.look.get().marked });

/** What can be done once the photo is painted on. */
const onThePhoto: readonly Action[] = [
  ...easelActions(easel),
  shared("export", exportPhoto),
  action(group, "keep", "Keep the photo under the brush", "p", mode("keep")),
  action(group, "islands", "Drop and keep islands", "d", mode("drop")),
  action(group, "influence", "Show or hide the influence", "i", mark),
  action(group, "inversion", "Show or hide the inversion", "n", () => toggle(easel, "features")),
  action(group, "adapted", "Show or hide the adapted picture", "t", () => toggle(easel, "adapted")),
  ...copyActions(easel, () => copy(location.href, "Link")),
  action(group, "save-inversion", "Save the inversion", "", exportInversion, { icon: "download" }),
];

export const actions: readonly Action[] = [
  action(group, "choose-photo", "Choose a photo", "Ctrl+o", () => chooseFile("photo-file")),
  action(group, "stop-and-use", "Stop and use", "u", stopAndUse, { able: () => at("running") }),
  shared("execute", invert, { label: "Invert the photo", group, able: () => at("fit") }),
  shared("abort", giveUp, { label: "Cancel the inversion", group, able: () => at("running") }),
  ...onThePhoto.map((one) => ({ ...one, able: () => at("paint") && isAble(one) })),
];
