import { type Entry, editsOf, reordered, withEntry } from "../../engine/editStack";
import { withoutEntry } from "../../engine/rule";
import { Button, chooseFile, EditList, FileInput, useStore, VerbLine } from "../../kit";
import { exportModel, loadEdit, saveEdit } from "./actions";
import { FormerRules } from "./FormerRules";
import { installed, rewrite } from "./state";
import { apply, book } from "./work";

function remove(entry: Entry): void {
  apply((state) => withoutEntry(state, entry.rule));
  book.undoable(`${entry.name} removed`);
}

/** The rules that were made, the latest on top; what is on is on the wall. */
export function StackPanel() {
  const { rule, command, model, infos } = useStore(rewrite);
  const stack = installed({ rule, infos });
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
      {rule.stack.length === 0 && (
        <p class="hint">Rules that you make or load appear here. Mix them, and switch them on or off.</p>
      )}
      <EditList
        stack={stack}
        about={({ rule: id }) => (infos[id] ? `${infos[id].layer}, rank ${infos[id].rank}` : "Strength")}
        onChange={({ rule: id }, change, key) => apply((state) => withEntry(state, id, change), key)}
        onMove={({ rule: id }, by) => apply((state) => reordered(state, id, by))}
        onSave={(entry) => void saveEdit(entry)}
        onRemove={remove}
      />
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
      <FormerRules onRemove={remove} />
    </section>
  );
}
