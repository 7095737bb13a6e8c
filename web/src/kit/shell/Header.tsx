import { paint } from "../../pages/paint/session";
import { Button, tip } from "../controls";
import { useStore } from "../hooks";
import { Icon } from "../Icon";
import { PANELS } from "../page";
import { go } from "../router";
import { setTheme, THEMES, themeStore } from "../theme";

const THEME_ICONS = { system: "system", light: "sun", dark: "moon" } as const;

function ThemeButton() {
  const { theme } = useStore(themeStore, "theme");
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const label = `Colours: ${theme}. Change to ${next}`;
  return (
    <Button
      kind="icon"
      icon={THEME_ICONS[theme]}
      label={label}
      testid="theme"
      onClick={() => setTheme(next)}
    />
  );
}

export function Header({ page, onHelp }: { page: string; onHelp: () => void }) {
  const { connection } = useStore(paint, "connection");
  return (
    <header class="header">
      <a
        class="logo"
        href="#/paint"
        aria-label="Inscape"
        onClick={(event) => {
          event.preventDefault();
          go("paint");
        }}
      >
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <rect width="32" height="32" rx="9" class="logo-ground" />
          <path d="M9 25V14a7 7 0 0 1 14 0v11z" class="logo-arch" />
          <circle cx="16" cy="15" r="3.200" class="logo-eye" />
        </svg>
        <span>Inscape</span>
      </a>
      <nav aria-label="Pages">
        {PANELS.map((panel) => (
          <a
            key={panel.name}
            href={`#/${panel.name}`}
            data-testid={`nav-${panel.name}`}
            data-tip={tip(panel.title, `page-${panel.name}`)}
            aria-current={panel.name === page ? "page" : undefined}
            onClick={(event) => {
              event.preventDefault();
              go(panel.name);
            }}
          >
            <Icon name={panel.icon} size={18} />
            <span>{panel.title}</span>
          </a>
        ))}
      </nav>
      <div class="header-end">
        <span class={`link-state ${connection}`} data-testid="connection" data-state={connection} />
        <ThemeButton />
        <Button
          kind="icon"
          icon="help"
          label="Keyboard shortcuts"
          action="help"
          testid="help"
          onClick={onHelp}
        />
      </div>
    </header>
  );
}
