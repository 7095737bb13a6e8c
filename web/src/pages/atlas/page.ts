import "./atlas.css";
import type { Page } from "../../kit";
import { AtlasPage } from "./AtlasPage";

/** The detectors of classifiers and layers side by side. */
export const page: Page = {
  name: "atlas",
  title: "Atlas",
  icon: "islands",
  place: 12,
  component: AtlasPage,
};
