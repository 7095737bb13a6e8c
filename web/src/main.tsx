import "./kit/styles/base.css";
import "./kit/styles/controls.css";
import "./kit/styles/shell.css";
import "./kit/styles/palette.css";
import "./kit/styles/parts.css";
import "./kit/styles/findings.css";
import "./kit/styles/report.css";
import "./kit/styles/edits.css";
import "./kit/easel/brushes.css";
import "./kit/easel/stage.css";
import "./kit/easel/history.css";
import { render } from "preact";
import { startAccess } from "./kit/access";
import { startShortcuts } from "./kit/actions";
import { open, type Page } from "./kit/page";
import { common } from "./kit/shell/commands";
import { Shell } from "./kit/shell/Shell";
import { startTheme } from "./kit/theme";

/** Every folder of `pages` is a page: nothing else lists them. */
const found = import.meta.glob<Page>("./pages/*/page.ts", { eager: true, import: "page" });
const pages = Object.values(found).sort((a, b) => a.place - b.place);

const root = document.getElementById("app");
if (root) {
  startTheme();
  startShortcuts();
  startAccess();
  open(pages, common(pages));
  render(<Shell />, root);
}
