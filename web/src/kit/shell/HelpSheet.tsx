import { grouped, shownKeys } from "../../engine/shortcuts";
import { isMac } from "../actions";
import { Dialog } from "../Dialog";
import { studio } from "../page";

/** What hands do on a picture: its keys and gestures stand in no table of keys. */
const ON_THE_PICTURE = [
  ["Move the brush, faster with Shift", ["←", "↑", "↓", "→"], ""],
  ["Paint there", ["Enter", "Space"], ""],
  ["Draw and remove swapped for a stroke", ["Ctrl"], "drag"],
  ["Zoom; brush size", [], "wheel; Ctrl wheel"],
  ["Undo; redo by touch", [], "two fingers tap; three"],
  ["Zoom and move by touch", [], "pinch"],
] as const;

function Keys(props: { title: string; rows: readonly (readonly [string, readonly string[], string])[] }) {
  return (
    <section>
      <h3>{props.title}</h3>
      <dl>
        {props.rows.map(([label, keys, rest]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
              {rest}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Every shortcut, from the actions that the keyboard itself reads. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const { pages, common } = studio;
  const all = [...pages.flatMap((page) => page.actions ?? []), ...common];
  const groups = grouped(
    all,
    pages.map((page) => page.title),
  );
  return (
    <Dialog title="Keyboard and gestures" onClose={onClose} wide>
      <div class="keys">
        {groups.map(([title, actions]) => (
          <Keys
            key={title}
            title={title}
            rows={actions.map(({ label, keys }) => [
              label,
              keys.slice(0, 2).map((one) => shownKeys(one, isMac)),
              "",
            ])}
          />
        ))}
        <Keys title="On the picture" rows={ON_THE_PICTURE} />
      </div>
    </Dialog>
  );
}
