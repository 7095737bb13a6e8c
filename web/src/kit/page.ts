import type { ComponentType } from "preact";
import { ModelsPage } from "../pages/models/ModelsPage";
import { PaintPage } from "../pages/paint/PaintPage";
import { PhotoPage } from "../pages/photo/PhotoPage";
import { RewritePage } from "../pages/rewrite/RewritePage";
import { UnitsPage } from "../pages/units/UnitsPage";
import type { IconName } from "./icons";
import type { PAGES } from "./router";

export interface Panel {
  readonly name: (typeof PAGES)[number];
  readonly title: string;
  readonly icon: IconName;
  readonly component: ComponentType;
}

/** Every page of the studio. To add one: a component, a line here, and its name in `PAGES`. */
export const PANELS: readonly Panel[] = [
  { name: "paint", title: "Paint", icon: "brush", component: PaintPage },
  { name: "photo", title: "Photo", icon: "photo", component: PhotoPage },
  { name: "units", title: "Units", icon: "units", component: UnitsPage },
  { name: "rewrite", title: "Rewrite", icon: "rule", component: RewritePage },
  { name: "models", title: "Models", icon: "model", component: ModelsPage },
];
