import { useState } from "preact/hooks";
import type { Entry } from "../engine/editStack";
import { percent } from "../engine/numbers";
import { Button, Slider } from "./controls";

/** What people call an edit; what they type is taken when they leave it, or with Enter. */
function EditName({ entry, onName }: { entry: Entry; onName: (name: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const take = () => {
    const name = typed?.trim();
    if (name && name !== entry.name) onName(name);
    setTyped(null);
  };
  return (
    <input
      type="text"
      class="edit-name"
      value={typed ?? entry.name}
      maxLength={120}
      aria-label="Name of the edit"
      data-testid="edit-name"
      onInput={(event) => setTyped(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
        if (event.key === "Escape") setTyped(null);
      }}
    />
  );
}

interface Props {
  /** Lowest first. */
  readonly stack: readonly Entry[];
  /** What stands beside the strength of an edit. */
  readonly about: (entry: Entry) => string;
  /** With a key, quick changes of the same thing are one. */
  readonly onChange: (entry: Entry, change: Partial<Entry>, key: string) => void;
  readonly onMove: (entry: Entry, by: number) => void;
  readonly onSave: (entry: Entry) => void;
  readonly onRemove: (entry: Entry) => void;
}

function Row({ entry, index, ...list }: Props & { entry: Entry; index: number }) {
  const change = (with_: Partial<Entry>, key = "") => list.onChange(entry, with_, key);
  const move = (by: number) => () => list.onMove(entry, by);
  const [first, last] = [index === 0, index === list.stack.length - 1];
  const buttons = [
    { icon: "up", label: "Move up", disabled: last, testid: "edit-up", onClick: move(1) },
    { icon: "down", label: "Move down", disabled: first, testid: "edit-down", onClick: move(-1) },
    { icon: "download", label: "Save this edit", testid: "edit-save", onClick: () => list.onSave(entry) },
    { icon: "trash", label: "Remove", testid: "edit-remove", onClick: () => list.onRemove(entry) },
  ] as const;
  return (
    <li class={`edit-row ${entry.hidden ? "off" : ""}`} data-testid="edit-row">
      <div class="edit-head">
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            aria-checked={!entry.hidden}
            checked={!entry.hidden}
            aria-label={`${entry.name} on`}
            data-testid="edit-switch"
            onChange={() => change({ hidden: !entry.hidden })}
          />
        </label>
        <EditName entry={entry} onName={(name) => change({ name })} />
        {buttons.map((button) => (
          <Button key={button.testid} kind="icon" {...button} />
        ))}
      </div>
      <Slider
        label={list.about(entry)}
        value={entry.strength}
        range={[0, 2, 0.05]}
        shown={percent(entry.strength)}
        testid="edit-strength"
        onChange={(strength) => change({ strength }, `strength-${entry.rule}`)}
      />
    </li>
  );
}

/** A stack of edits, the latest on top: each with its switch, name, place and strength. */
export function EditList(props: Props) {
  return (
    <ul class="edit-list">
      {props.stack
        .map((entry, index) => <Row key={entry.rule} {...props} entry={entry} index={index} />)
        .reverse()}
    </ul>
  );
}
