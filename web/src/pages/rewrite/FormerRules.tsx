import type { Entry } from "../../engine/editStack";
import { Button, useStore } from "../../kit";
import { saveEdit } from "./actions";
import { rewrite } from "./state";

/** Rules that were made with a former version of the model, the latest on top: what they did can be looked at. */
export function FormerRules({ onRemove }: { onRemove: (entry: Entry) => void }) {
  const { rule, infos } = useStore(rewrite);
  const former = rule.stack.filter((one) => infos[one.rule]?.former).reverse();
  if (former.length === 0) return null;
  return (
    <>
      <p class="hint">
        These were made with a former version of the model and change nothing now. To make one again, mark its
        context and its goal.
      </p>
      <ul class="edit-list">
        {former.map((entry) => (
          <FormerRule key={entry.rule} entry={entry} onRemove={onRemove} />
        ))}
      </ul>
    </>
  );
}

function FormerRule({ entry, onRemove }: { entry: Entry; onRemove: (entry: Entry) => void }) {
  const info = rewrite.get().infos[entry.rule];
  return (
    <li class="edit-row former-rule" data-testid="former-rule">
      {info?.picture && (
        <figure>
          <img src={info.picture} alt={`${entry.name}: before and after`} />
          <figcaption>Before, and after</figcaption>
        </figure>
      )}
      <span class="former-name">
        <b>{entry.name}</b>
        <small>
          By version {info?.former} of {info?.model}, in {info?.layer}; another is installed.
        </small>
      </span>
      <Button kind="icon" icon="download" label="Save this edit" onClick={() => void saveEdit(entry)} />
      <Button kind="icon" icon="trash" label="Remove" onClick={() => onRemove(entry)} />
    </li>
  );
}
