import "./layers.css";
import type { Page } from "../../kit";
import { LayersPage } from "./LayersPage";

/** The layers of one model compared. */
export const page: Page = {
  name: "layers",
  title: "Layers",
  icon: "layers",
  place: 6,
  component: LayersPage,
};
