import { render } from "preact";
import { startAccess } from "./kit/access";
import { startShortcuts } from "./kit/actions";
import { timings } from "./kit/easel/timings";
import { App } from "./kit/shell/App";
import { startTheme } from "./kit/theme";
import { start } from "./pages/paint/session";
import "./kit/styles/base.css";
import "./kit/styles/controls.css";
import "./kit/styles/shell.css";
import "./kit/easel/easel.css";
import "./pages/units/units.css";
import "./pages/rewrite/rewrite.css";
import "./pages/photo/photo.css";

const root = document.getElementById("app");
if (root) {
  timings.start();
  startTheme();
  startShortcuts();
  startAccess();
  render(<App />, root);
  void start();
}
