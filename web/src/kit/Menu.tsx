import { useRef, useState } from "preact/hooks";
import { useClosing } from "./hooks";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

interface Item {
  readonly label: string;
  readonly icon: IconName;
  readonly testid: string;
  readonly run: () => unknown;
}

/** Links, commands, files. */
export function PhotoMenu({ items }: { items: readonly Item[] }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useClosing(root, open, () => setOpen(false));
  return (
    <div class="group" ref={root}>
      <button
        type="button"
        class="button icon"
        data-testid="photo-menu"
        aria-label="More: links, commands, files"
        data-tip="Links, commands, files"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <div class="menu">
          {items.map((item) => (
            <button
              key={item.testid}
              type="button"
              class="menu-item"
              data-testid={item.testid}
              onClick={() => {
                setOpen(false);
                void item.run();
              }}
            >
              <Icon name={item.icon} size={18} />
              <span>{item.label}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
