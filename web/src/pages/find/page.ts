import "./find.css";
import type { Page } from "../../kit";
import { FindPage } from "./FindPage";

/** Units for a concept of one's own. */
export const page: Page = { name: "find", title: "Find", icon: "target", place: 7, component: FindPage };
