import { useState } from "preact/hooks";
import { percent } from "../../engine/numbers";
import { type Entry, editsOf, reordered, withEntry, withoutEntry } from "../../engine/rule";
import { Button, chooseFile, FileInput, Slider, useStore, VerbLine } from "../../kit";
import { exportModel, loadEdit, saveEdit } from "./actions";
import { rewrite } from "./state";
import { apply, undoable } from "./work";

function remove(entry: Entry): void {
  apply((state) => withoutEntry(state, entry.rule));
  undoable(`${entry.name} removed`);
}

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

function Row({ entry, first, last }: { entry: Entry; first: boolean; last: boolean }) {
  const { infos } = useStore(rewrite);
  const info = infos[entry.rule];
  const change = (with_: Partial<Entry>, key = "") =>
    apply((state) => withEntry(state, entry.rule, with_), key && `${key}-${entry.rule}`);
  const move = (by: number) => () => apply((state) => reordered(state, entry.rule, by));
  const buttons = [
    { icon: "up", label: "Move up", disabled: last, testid: "edit-up", onClick: move(1) },
    { icon: "down", label: "Move down", disabled: first, testid: "edit-down", onClick: move(-1) },
    { icon: "download", label: "Save this edit", testid: "edit-save", onClick: () => void saveEdit(entry) },
    { icon: "trash", label: "Remove", testid: "edit-remove", onClick: () => remove(entry) },
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
        label={info ? `${info.layer}, rank ${info.rank}` : "Strength"}
        value={entry.strength}
        range={[0, 2, 0.05]}
        shown={percent(entry.strength)}
        testid="edit-strength"
        onChange={(strength) => change({ strength }, "strength")}
      />
    </li>
  );
}

/** The rules that were made, the latest on top; what is on is on the wall. */
export function StackPanel() {
  const { rule, command, model } = useStore(rewrite);
  const { stack } = rule;
  return (
    <section class="panel" aria-labelledby="stack-title" data-testid="stack">
      <header class="panel-head">
        <h2 id="stack-title">Edits {stack.length > 0 && <small>{stack.length}</small>}</h2>
        <Button label="Load" icon="upload" testid="load-edit" onClick={() => chooseFile("edit-file")} />
        <FileInput
          name="edit-file"
          label="An edit from a file"
          accept=".safetensors"
          onFile={(file) => loadEdit(file)}
        />
      </header>
      {stack.length === 0 && (
        <p class="hint">Rules that you make or load appear here. Mix them, and switch them on or off.</p>
      )}
      <ul class="edit-list">
        {stack
          .map((entry, index) => (
            <Row key={entry.rule} entry={entry} first={index === 0} last={index === stack.length - 1} />
          ))
          .reverse()}
      </ul>
      {stack.length > 0 && (
        <>
          <div class="row">
            <Button
              label="Export model"
              icon="model"
              testid="export-model"
              onClick={() => void exportModel("safetensors")}
            />
            {model?.architecture === "stylegan2" && (
              <Button
                label=".pt"
                icon="download"
                testid="export-pt"
                onClick={() => void exportModel("rosinality")}
              />
            )}
          </div>
          <VerbLine
            verb="apply"
            request={{ model: command, edits: editsOf(stack), out: "edited.safetensors" }}
          />
        </>
      )}
    </section>
  );
}
