import { useRef, useState } from "preact/hooks";
import { isAble } from "../engine/shortcuts";
import { tip } from "./actions";
import { useClosing } from "./hooks";
import { Icon } from "./Icon";
import { actionsOf, pageNow } from "./page";

interface Props {
  /** What is in it, besides what its button says. */
  readonly what: string;
  readonly testid: string;
  /** Names of actions of the page; an empty name is a line between two groups. */
  readonly items: readonly string[];
}

/** A button with three dots, and further actions of the page behind it. */
export function Menu({ what, testid, items }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useClosing(root, open, () => setOpen(false));
  const actions = actionsOf(pageNow());
  const item = (name: string) => {
    const action = actions.find((one) => one.name === name);
    if (!action) return <hr key="line" />;
    if (!isAble(action)) return null;
    return (
      <button
        key={name}
        type="button"
        class="menu-item"
        data-testid={name}
        onClick={() => {
          setOpen(false);
          action.run(true);
        }}
      >
        <Icon name={action.icon} size={18} />
        <span>{tip(action.label, name)}</span>
      </button>
    );
  };
  return (
    <div class="group" ref={root}>
      <button
        type="button"
        class="button icon"
        data-testid={testid}
        aria-label={`More: ${what}`}
        data-tip={what.charAt(0).toUpperCase() + what.slice(1)}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && <div class="menu">{items.map(item)}</div>}
    </div>
  );
}
