import "./roles.css";
import type { Page } from "../../kit";
import { RolesPage } from "./RolesPage";

/** Which units carry a class, and which an attack moves. */
export const page: Page = {
  name: "roles",
  title: "Roles",
  icon: "shield",
  place: 11,
  component: RolesPage,
};
