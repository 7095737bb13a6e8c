import { type Entry, editsOf, reordered, withEntry, withoutEdit } from "../../engine/editStack";
import { Button, chooseFile, EditList, FileInput, useStore, VerbLine } from "../../kit";
import { loadEdit, saveEdit } from "./actions";
import { facts } from "./state";
import { book } from "./work";

function remove({ rule, name }: Entry): void {
  book.apply((state) => withoutEdit(state, rule));
  book.undoable(`${name} removed`);
}

/** The edits of this model, the latest on top; what is on counts everywhere on the page. */
export function EditsPanel() {
  const { stack, infos, model } = useStore(facts);
  const { canUndo, canRedo } = useStore(book.store);
  const about = ({ rule }: Entry): string => {
    const info = infos[rule];
    if (!info) return "Strength";
    return [info.method, info.layers.join(", "), info.count && info.count > 1 ? `${info.count} facts` : ""]
      .filter(Boolean)
      .join(", ");
  };
  return (
    <section class="panel facts-edits" aria-labelledby="stack-title" data-testid="stack">
      <header class="row">
        <h2 id="stack-title">Edits {stack.length > 0 && <small>{stack.length}</small>}</h2>
        <Button kind="icon" icon="undo" label="Undo" action="undo" testid="facts-undo" disabled={!canUndo} />
        <Button kind="icon" icon="redo" label="Redo" action="redo" testid="facts-redo" disabled={!canRedo} />
        <Button label="Load" icon="upload" testid="load-edit" onClick={() => chooseFile("edit-file")} />
        <FileInput
          name="edit-file"
          label="An edit from a file"
          accept=".safetensors"
          onFile={(file) => loadEdit(file)}
        />
      </header>
      {stack.length === 0 && (
        <p class="hint">Edits that you make or load appear here. Switch them on or off.</p>
      )}
      <EditList
        stack={stack}
        about={about}
        onChange={({ rule }, change, key) => book.apply((state) => withEntry(state, rule, change), key)}
        onMove={({ rule }, by) => book.apply((state) => reordered(state, rule, by))}
        onSave={(entry) => void saveEdit(entry)}
        onRemove={remove}
      />
      {model && stack.length > 0 && (
        <VerbLine
          verb="apply"
          request={{ model: model.argument, edits: editsOf(stack), out: "edited.safetensors" }}
        />
      )}
    </section>
  );
}
