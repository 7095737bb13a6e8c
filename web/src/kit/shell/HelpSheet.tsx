import { SHORTCUTS, shownKeys } from "../../engine/shortcuts";
import { isMac } from "../controls";
import { Dialog } from "../Dialog";

const GROUPS = ["Paint", "Photo", "Rewrite", "History", "Look", "Go"] as const;

/** Every shortcut, from the table that the keyboard itself reads. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard and gestures" onClose={onClose} wide>
      <div class="keys">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {SHORTCUTS.filter((shortcut) => shortcut.group === group).map((shortcut) => (
                <div key={shortcut.action}>
                  <dt>{shortcut.label}</dt>
                  <dd>
                    {shortcut.keys.slice(0, 2).map((keys) => (
                      <kbd key={keys}>{shownKeys(keys, isMac)}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>On the picture</h3>
          <dl>
            <div>
              <dt>Move the brush, faster with Shift</dt>
              <dd>
                <kbd>←</kbd>
                <kbd>↑</kbd>
                <kbd>↓</kbd>
                <kbd>→</kbd>
              </dd>
            </div>
            <div>
              <dt>Paint there</dt>
              <dd>
                <kbd>Enter</kbd>
                <kbd>Space</kbd>
              </dd>
            </div>
            <div>
              <dt>Draw and remove swapped for a stroke</dt>
              <dd>
                <kbd>Ctrl</kbd> drag
              </dd>
            </div>
            <div>
              <dt>Zoom; brush size</dt>
              <dd>
                wheel; <kbd>Ctrl</kbd> wheel
              </dd>
            </div>
            <div>
              <dt>Undo; redo by touch</dt>
              <dd>two fingers tap; three</dd>
            </div>
            <div>
              <dt>Zoom and move by touch</dt>
              <dd>pinch</dd>
            </div>
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
