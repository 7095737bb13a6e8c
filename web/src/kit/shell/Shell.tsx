import { useEffect } from "preact/hooks";
import { access } from "../../api/access";
import type { SaveState } from "../../engine/autosave";
import { Store } from "../../engine/store";
import { useAddress } from "../address";
import { useStore } from "../hooks";
import { Icon } from "../Icon";
import { link } from "../link";
import { dismiss, hold, messages, release } from "../messages";
import { pageNow, type Work } from "../page";
import { router } from "../router";
import { over } from "./commands";
import { ErrorBoundary } from "./ErrorBoundary";
import { Header } from "./Header";
import { HelpSheet } from "./HelpSheet";
import { Palette } from "./Palette";

function Toasts() {
  const { toasts } = useStore(messages);
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

const NOTHING = new Store<{ save: SaveState }>({ save: "new" });

/** For screen readers, and for tests: what just happened, and whether it is kept. */
function Status({ work }: { work: Work | undefined }) {
  const { said } = useStore(messages);
  const { save } = useStore(work?.store ?? NOTHING);
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
  const { connection } = useStore(link);
  const { locked } = useStore(access);
  if (!locked && connection !== "lost") return null;
  return (
    <div class="banner" role="alert" data-testid={locked ? "locked" : "disconnected"}>
      <Icon name="warning" size={18} />
      {locked ? (
        <span>
          The studio was started again, and this tab belongs to the earlier start. Open the address that{" "}
          <code>inscape studio</code> printed in this browser. This tab then continues by itself, with all
          your work.
        </span>
      ) : (
        <span>
          The studio does not answer. You can continue: strokes are kept here, and drawn when it answers
          again.
        </span>
      )}
    </div>
  );
}

function Sheet() {
  const { sheet } = useStore(over);
  const close = () => over.set({ sheet: "" });
  if (sheet === "help") return <HelpSheet onClose={close} />;
  return sheet === "palette" ? <Palette onClose={close} /> : null;
}

/** The page that the address names, and what is around it. */
export function Shell() {
  const { route } = useStore(router);
  const page = pageNow();
  useAddress(route.page, page?.address);
  useEffect(() => {
    document.title = `${page?.title ?? ""} · Inscape`;
  }, [page]);
  if (!page) return null;
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
      <Header page={page.name} />
      <Disconnected />
      <main id="main" tabIndex={-1} class={`page-${page.name}`}>
        <ErrorBoundary key={page.name}>
          <page.component />
        </ErrorBoundary>
      </main>
      <Toasts />
      <Status work={page.work} />
      <Sheet />
    </>
  );
}
