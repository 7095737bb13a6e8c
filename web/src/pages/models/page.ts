import "./models.css";
import type { Page } from "../../kit";
import { ModelsPage } from "./ModelsPage";

/** The models that are here, and what is known of them. */
export const page: Page = { name: "models", title: "Models", icon: "model", place: 5, component: ModelsPage };
