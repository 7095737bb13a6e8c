import { useEffect, useRef, useState } from "preact/hooks";
import { tip } from "../actions";
import { Button } from "../controls";
import { useClosing, useStore } from "../hooks";
import { Icon } from "../Icon";
import { link } from "../link";
import { studio } from "../page";
import { go } from "../router";
import { nextTheme, setTheme, themeStore } from "../theme";

const THEME_ICONS = { system: "system", light: "sun", dark: "moon" } as const;

/** Go to a page, which is found as it was left. */
const to = (page: string) => (event: Event) => {
  event.preventDefault();
  go(page);
};

/** What a header leaves out as it narrows: first the pages that are far, then those that are less far. */
const tierOf = (place: number): string =>
  place > 7 ? "far" : place > 4 ? "mid" : place > 3 ? "near" : "first";

/** All pages, for a header that has no room for them. */
function More({ page }: { page: string }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useClosing(root, open, () => setOpen(false));
  return (
    <div class="header-more" ref={root}>
      <button
        type="button"
        class="button icon"
        data-testid="nav-more"
        aria-label="All pages"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <nav class="menu" aria-label="All pages">
          {studio.pages.map(({ name, title, icon }) => (
            <a
              key={name}
              class="menu-item"
              href={`#/${name}`}
              data-testid={`more-${name}`}
              aria-current={name === page ? "page" : undefined}
              onClick={(event) => {
                setOpen(false);
                to(name)(event);
              }}
            >
              <Icon name={icon} size={18} />
              <span>{title}</span>
            </a>
          ))}
        </nav>
      )}
    </div>
  );
}

function Tools() {
  const { connection } = useStore(link);
  const { theme } = useStore(themeStore);
  return (
    <div class="header-end">
      <span class={`link-state ${connection}`} data-testid="connection" data-state={connection} />
      <Button kind="icon" icon="search" label="Command palette" action="palette" testid="commands" />
      <Button
        kind="icon"
        icon={THEME_ICONS[theme]}
        label={`Colours: ${theme}. Change to ${nextTheme()}`}
        testid="theme"
        onClick={() => setTheme(nextTheme())}
      />
      <Button kind="icon" icon="help" label="Keyboard shortcuts" action="help" />
    </div>
  );
}

export function Header({ page }: { page: string }) {
  const first = studio.pages[0]?.name ?? "";
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const row = nav.current;
    const here = row?.querySelector<HTMLElement>("[aria-current]");
    if (row && here) row.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - row.clientWidth / 2;
  }, [page]);
  return (
    <header class="header">
      <a class="logo" href={`#/${first}`} aria-label="Inscape" onClick={to(first)}>
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <rect width="32" height="32" rx="9" class="logo-ground" />
          <path d="M9 25V14a7 7 0 0 1 14 0v11z" class="logo-arch" />
          <circle cx="16" cy="15" r="3.200" class="logo-eye" />
        </svg>
        <span>Inscape</span>
      </a>
      <nav class="header-pages" aria-label="Pages" ref={nav}>
        {studio.pages.map(({ name, title, icon, place }) => (
          <a
            key={name}
            class={tierOf(place)}
            href={`#/${name}`}
            data-testid={`nav-${name}`}
            data-tip={tip(title, `page-${name}`)}
            aria-current={name === page ? "page" : undefined}
            onClick={to(name)}
          >
            <Icon name={icon} size={18} />
            <span>{title}</span>
          </a>
        ))}
      </nav>
      <More page={page} />
      <Tools />
    </header>
  );
}
