import { useEffect, useRef, useState } from "preact/hooks";
import { find } from "../../engine/find";
import { type Action, isAble, shownKeys } from "../../engine/shortcuts";
import { isMac } from "../actions";
import { Dialog } from "../Dialog";
import { actionsOf, pageNow } from "../page";

/** What can be done now: what is held down cannot be chosen, and the page that is shown is there already. */
function offered(): Action[] {
  const here = pageNow();
  const elsewhere = ({ name }: Action) => name !== `page-${here?.name}` && name !== "palette";
  return actionsOf(here).filter((one) => !one.hold && elsewhere(one) && isAble(one));
}

function Row({ action, chosen, onChoose }: { action: Action; chosen: boolean; onChoose: () => void }) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field that names this row
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the row
    <div
      ref={row}
      id={`palette-${action.name}`}
      role="option"
      aria-selected={chosen}
      data-testid={`palette-${action.name}`}
      onClick={onChoose}
    >
      <span>{action.label}</span>
      <small>{action.group}</small>
      {action.keys[0] && <kbd>{shownKeys(action.keys[0], isMac)}</kbd>}
    </div>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };

/** Everything that can be done here, to be found by typing: arrows choose, Enter does it, Escape leaves. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [all] = useState(offered);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = find(all, typed);
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (action: Action | undefined) => {
    if (!action) return;
    onClose();
    setTimeout(() => action.run(true)); // once the focus is back where it was
  };
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (event.key === "Enter") run(chosen);
    else if (event.key === "k" && (event.ctrlKey || event.metaKey)) onClose();
    else if (step === undefined) return;
    else if (Math.abs(step) === 1) setAt((at + step + found.length) % Math.max(1, found.length));
    else setAt(Math.max(0, Math.min(found.length - 1, at + step)));
    event.preventDefault();
  };
  const field = (
    <input
      type="text"
      role="combobox"
      aria-label="Search actions"
      aria-expanded="true"
      aria-controls="palette-list"
      aria-autocomplete="list"
      aria-activedescendant={chosen && `palette-${chosen.name}`}
      placeholder="Search actions and pages"
      autocomplete="off"
      spellcheck={false}
      data-testid="palette-field"
      value={typed}
      onKeyDown={onKey}
      onInput={(event) => {
        setTyped(event.currentTarget.value);
        setAt(0);
      }}
    />
  );
  return (
    <Dialog title="Command palette" head={field} onClose={onClose} testid="palette">
      <div id="palette-list" class="palette-list" role="listbox" aria-label="Commands">
        {found.map((action) => (
          <Row key={action.name} action={action} chosen={action === chosen} onChoose={() => run(action)} />
        ))}
      </div>
      <p class="hint" role="status">
        {found.length === 0 && "No action of that name is possible now."}
      </p>
    </Dialog>
  );
}
