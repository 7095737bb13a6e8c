import "./facts.css";
import type { Page } from "../../kit";
import { actions } from "./commands";
import { FactsPage } from "./FactsPage";
import { book } from "./work";

/** Where a language model keeps a fact, and edits that change it. */
export const page: Page = {
  name: "facts",
  title: "Facts",
  icon: "branch",
  place: 9,
  component: FactsPage,
  actions,
  work: book.work,
};
