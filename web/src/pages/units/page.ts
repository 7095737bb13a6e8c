import "./units.css";
import "./effects.css";
import { shared } from "../../engine/shortcuts";
import type { Page } from "../../kit";
import { UnitsPage } from "./UnitsPage";

/** What the units of a layer are. */
export const page: Page = {
  name: "units",
  title: "Units",
  icon: "units",
  place: 3,
  component: UnitsPage,
  actions: [
    shared("find", () => document.getElementById("unit-search")?.focus(), {
      label: "Find a unit",
      able: () => document.getElementById("unit-search") !== null,
    }),
  ],
};
