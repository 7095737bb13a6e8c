import "./rewrite.css";
import "./panels.css";
import type { Page } from "../../kit";
import { address } from "./address";
import { actions } from "./commands";
import { RewritePage } from "./RewritePage";
import { book } from "./work";

/** Change a rule of a generator: mark where it holds, say what it should become, execute. */
export const page: Page = {
  name: "rewrite",
  title: "Rewrite",
  icon: "rule",
  place: 4,
  component: RewritePage,
  address,
  actions,
  work: book.work,
};
