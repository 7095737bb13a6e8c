import "./facts.css";
import type { Page } from "../../kit";
import { FactsPage } from "./FactsPage";

/** Where a language model keeps a fact. */
export const page: Page = {
  name: "facts",
  title: "Facts",
  icon: "branch",
  place: 9,
  component: FactsPage,
};
