import { render } from "preact";
import { App } from "./app/App";
import { startAccess } from "./app/access";
import { startShortcuts } from "./app/actions";
import { startTheme } from "./app/theme";
import { start } from "./paint/session";
import { timings } from "./paint/timings";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/paint.css";
import "./styles/catalogue.css";
import "./styles/rewrite.css";
import "./styles/photo.css";

const root = document.getElementById("app");
if (root) {
  timings.start();
  startTheme();
  startShortcuts();
  startAccess();
  render(<App />, root);
  void start();
}
