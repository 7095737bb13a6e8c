import "./explain.css";
import type { Page } from "../../kit";
import { ExplainPage } from "./ExplainPage";

/** Why a classifier said what it said of a photo. */
export const page: Page = {
  name: "explain",
  title: "Explain",
  icon: "eye",
  place: 10,
  component: ExplainPage,
};
