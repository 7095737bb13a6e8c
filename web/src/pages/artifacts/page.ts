import "./artifacts.css";
import type { Page } from "../../kit";
import { ArtifactsPage } from "./ArtifactsPage";

/** Units that spoil pictures, and the pictures without them. */
export const page: Page = {
  name: "artifacts",
  title: "Artifacts",
  icon: "warning",
  place: 8,
  component: ArtifactsPage,
};
