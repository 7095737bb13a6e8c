import { useEffect, useState } from "preact/hooks";
import { access } from "../../api/access";
import { paint } from "../../pages/paint/session";
import { provide } from "../actions";
import { useStore } from "../hooks";
import { Icon } from "../Icon";
import { dismiss, hold, messages, release } from "../messages";
import { PANELS } from "../page";
import { go, router } from "../router";
import { ErrorBoundary } from "./ErrorBoundary";
import { Header } from "./Header";
import { HelpSheet } from "./HelpSheet";

function Toasts() {
  const { toasts } = useStore(messages, "toasts");
  return (
    <section
      class="toasts"
      aria-label="Messages"
      onMouseEnter={hold}
      onMouseLeave={release}
      onFocusIn={hold}
      onFocusOut={release}
    >
      {toasts.map((one) => (
        <div
          key={one.id}
          class={`toast ${one.bad ? "bad" : ""}`}
          role={one.bad ? "alert" : "status"}
          data-testid="toast"
        >
          <p>
            <b>{one.title}</b>
            {one.detail && <span>{one.detail}</span>}
          </p>
          {one.action && (
            <button
              type="button"
              class="button plain"
              data-testid="toast-action"
              onClick={() => {
                one.action?.run();
                dismiss(one.id);
              }}
            >
              {one.action.label}
            </button>
          )}
          <button type="button" class="button icon" aria-label="Dismiss" onClick={() => dismiss(one.id)}>
            <Icon name="close" size={18} />
          </button>
        </div>
      ))}
    </section>
  );
}

/** For screen readers, and for tests: what just happened, and whether it is kept. */
function Status() {
  const { said } = useStore(messages, "said");
  const { save } = useStore(paint, "save");
  return (
    <p
      class="sr-only"
      role="status"
      aria-live="polite"
      data-testid="status"
      data-saved={String(save === "saved")}
    >
      {said}
    </p>
  );
}

function Disconnected() {
  const { connection } = useStore(paint, "connection");
  const { locked } = useStore(access, "locked");
  if (locked)
    return (
      <div class="banner" role="alert" data-testid="locked">
        <Icon name="warning" size={18} />
        <span>
          The studio was started again and does not know this page any more. Open the address that{" "}
          <code>inscape studio</code> printed, in this browser: then this page goes on by itself, with
          everything that you did here.
        </span>
      </div>
    );
  if (connection !== "lost") return null;
  return (
    <div class="banner" role="alert" data-testid="disconnected">
      <Icon name="warning" size={18} />
      <span>
        The studio does not answer. You can go on: strokes are kept here and drawn as soon as it is back.
      </span>
    </div>
  );
}

export function App() {
  const { route } = useStore(router, "route");
  const [help, setHelp] = useState(false);
  const panel = PANELS.find((one) => one.name === route.page) ?? PANELS[0];
  useEffect(
    () =>
      provide({
        help: () => setHelp(true),
        "page-paint": () => go("paint"),
        "page-photo": () => go("photo"),
        "page-units": () => go("units"),
        "page-rewrite": () => go("rewrite"),
        "page-models": () => go("models"),
      }),
    [],
  );
  useEffect(() => {
    document.title = `${panel?.title ?? ""} · Inscape`;
  }, [panel]);
  if (!panel) return null;
  const Page = panel.component;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to the page
      </a>
      <Header page={panel.name} onHelp={() => setHelp(true)} />
      <Disconnected />
      <main id="main" tabIndex={-1} class={`page-${panel.name}`}>
        <ErrorBoundary key={panel.name}>
          <Page />
        </ErrorBoundary>
      </main>
      <Toasts />
      <Status />
      {help && <HelpSheet onClose={() => setHelp(false)} />}
    </>
  );
}
