import "./choose.css";
import "./photo.css";
import type { Page } from "../../kit";
import { actions } from "./actions";
import { address } from "./address";
import { PhotoPage } from "./PhotoPage";
import { easel } from "./work";

/** A photo of one's own: choose the square, watch the generator find it, see what was lost, paint on it. */
export const page: Page = {
  name: "photo",
  title: "Photo",
  icon: "photo",
  place: 2,
  component: PhotoPage,
  address,
  actions,
  work: easel.work(),
};
