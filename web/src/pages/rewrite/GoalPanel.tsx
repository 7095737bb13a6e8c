import { largestScale, resized, SCALES } from "../../engine/clip";
import { emptyMask } from "../../engine/mask";
import { percent } from "../../engine/numbers";
import { MOST_PASTES, type RuleState, withCopied, withoutPaste } from "../../engine/rule";
import { Button, Icon, Segmented, Slider, useStore } from "../../kit";
import { drawClip, drawMask, imageOf, inksOf } from "./drawing";
import { rewrite, tools } from "./state";
import { Tray, TrayItem } from "./Tray";
import { wall } from "./wall";
import { apply } from "./work";

/** What was copied, and where it was pasted. */
function Goals({ copied, pastes }: Pick<RuleState, "copied" | "pastes">) {
  const { plain } = useStore(wall);
  return (
    <Tray label="Goal" testid="goal-tray">
      {copied && (
        <TrayItem
          seed={copied.seed}
          label={`Copied from picture ${copied.seed}. Remove it`}
          testid="copied"
          version={copied}
          over={(to, side, _, canvas) =>
            drawMask(to, copied.mask, side, inksOf(canvas).copy, { fill: 0.15, dashed: true })
          }
          onForget={() => apply((state) => withCopied(state, copied.seed, emptyMask(copied.mask.size)))}
        />
      )}
      {copied && pastes.length > 0 && (
        <li class="tray-arrow" aria-hidden="true">
          <Icon name="right" size={18} />
        </li>
      )}
      {pastes.map((one, index) => (
        <TrayItem
          key={`${one.into}-${index}`}
          seed={one.into}
          label={`Pasted into picture ${one.into}. Remove it`}
          testid="pasted"
          version={plain[one.from] ? one : null}
          over={(to, side, again, canvas) =>
            drawClip(to, imageOf(plain[one.from], again), one, side, inksOf(canvas).paste, true)
          }
          onForget={() => apply((state) => withoutPaste(state, index))}
        />
      ))}
    </Tray>
  );
}

const resize = (scale: number) =>
  apply((state) => {
    const last = state.pastes.at(-1);
    if (!last) return state;
    return { ...state, pastes: state.pastes.with(-1, { ...last, ...resized(last, scale) }) };
  }, "scale");

function another(): void {
  apply((state) => ({ ...state, another: true, copied: null }));
  tools.set({ tool: "copy" });
}

function Pastes() {
  const { copied, pastes, another: more } = useStore(rewrite).rule;
  const paste = more ? null : pastes.at(-1);
  return (
    <>
      <Goals copied={copied} pastes={pastes} />
      {!copied && pastes.length === 0 && (
        <p class="hint">
          What should it become? Choose <b>Copy</b> and mark it in a picture, then <b>Paste</b> it over the
          context.
        </p>
      )}
      {copied && pastes.length === 0 && (
        <p class="hint">
          Choose <b>Paste</b> and click where it goes.
        </p>
      )}
      {paste && (
        <div class="row">
          <Slider
            label="Size"
            value={paste.scale}
            range={[SCALES.smallest, largestScale(paste.mask), 0.05]}
            shown={percent(paste.scale)}
            testid="paste-scale"
            onChange={resize}
          />
          <Button
            label="Another goal"
            icon="plus"
            testid="another"
            disabled={pastes.length >= MOST_PASTES}
            onClick={another}
          />
        </div>
      )}
      {more && <p class="hint">Add a goal: mark what to copy, then paste it.</p>}
    </>
  );
}

/** What the layer should draw in the context instead. */
export function GoalPanel() {
  const { rule, layers } = useStore(rewrite);
  const inputs = layers.find((layer) => layer.name === rule.choices.layer)?.inputs ?? 30;
  return (
    <section class="panel draft" aria-labelledby="goal-title">
      <header>
        <h2 id="goal-title">
          <span class="swatch paste" /> Goal
        </h2>
        <Segmented
          label="Goal"
          value={rule.goal}
          choices={[
            { value: "paste", label: "Paste", testid: "goal-paste" },
            { value: "erase", label: "Erase", testid: "goal-erase" },
          ]}
          onChange={(goal) => {
            apply((state) => ({ ...state, goal }));
            const { tool } = tools.get();
            if (goal === "erase" && tool !== "protect") tools.set({ tool: "context" });
          }}
        />
      </header>
      {rule.goal === "paste" ? (
        <Pastes />
      ) : (
        <>
          <p class="hint">Switches off the units that respond most to the context. Use it for watermarks.</p>
          <Slider
            label="Units switched off"
            value={Math.min(rule.erased, inputs)}
            range={[1, inputs, 1]}
            shown={`${Math.min(rule.erased, inputs)} of ${inputs}`}
            testid="erased"
            onChange={(erased) => apply((state) => ({ ...state, erased }), "erased")}
          />
        </>
      )}
    </section>
  );
}
