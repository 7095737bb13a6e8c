import { largestScale, resized, SCALES } from "../../engine/clip";
import { emptyMask } from "../../engine/mask";
import { percent } from "../../engine/numbers";
import { MOST_PASTES, withCopied, withoutPaste } from "../../engine/rule";
import { Button, Segmented, Slider } from "../../kit/controls";
import { useStore } from "../../kit/hooks";
import { Icon } from "../../kit/Icon";
import { drawClip, drawMask, imageOf, inksOf } from "./drawing";
import { rewrite, tools } from "./state";
import { Thumbnail } from "./Thumbnail";
import { wall } from "./wall";
import { apply } from "./work";

function Pastes() {
  const { rule } = useStore(rewrite, "rule");
  const { plain } = useStore(wall, "plain");
  const { copied, pastes, another } = rule;
  const paste = another ? null : pastes.at(-1);
  const change = (scale: number) =>
    apply((state) => {
      const at = state.pastes.length - 1;
      const last = state.pastes[at];
      if (!last) return state;
      return { ...state, pastes: state.pastes.with(at, { ...last, ...resized(last, scale) }) };
    }, "scale");
  return (
    <>
      <ul class="tray" aria-label="Goal" data-testid="goal-tray">
        {copied && (
          <li>
            <button
              type="button"
              class="tray-item"
              aria-label={`Copied from picture ${copied.seed}; forget it`}
              data-testid="copied"
              onClick={() => apply((state) => withCopied(state, copied.seed, emptyMask(copied.mask.size)))}
            >
              <Thumbnail
                seed={copied.seed}
                version={copied}
                over={(to, side, _, canvas) =>
                  drawMask(to, copied.mask, side, inksOf(canvas).copy, { fill: 0.15, dashed: true })
                }
              />
              <Icon name="close" size={16} />
            </button>
          </li>
        )}
        {copied && pastes.length > 0 && (
          <li class="tray-arrow" aria-hidden="true">
            <Icon name="right" size={18} />
          </li>
        )}
        {pastes.map((one, index) => (
          <li key={`${one.into}-${index}`}>
            <button
              type="button"
              class="tray-item"
              aria-label={`Pasted into picture ${one.into}; take it away`}
              data-testid="pasted"
              onClick={() => apply((state) => withoutPaste(state, index))}
            >
              <Thumbnail
                seed={one.into}
                version={plain[one.from] ? one : null}
                over={(to, side, again, canvas) =>
                  drawClip(to, imageOf(plain[one.from], again), one, side, inksOf(canvas).paste, true)
                }
              />
              <Icon name="close" size={16} />
            </button>
          </li>
        ))}
      </ul>
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
            min={SCALES.smallest}
            max={largestScale(paste.mask)}
            step={0.05}
            shown={percent(paste.scale)}
            testid="paste-scale"
            onChange={change}
          />
          <Button
            label="Another goal"
            icon="plus"
            testid="another"
            disabled={pastes.length >= MOST_PASTES}
            onClick={() => {
              apply((state) => ({ ...state, another: true, copied: null }));
              tools.set({ tool: "copy" });
            }}
          />
        </div>
      )}
      {another && <p class="hint">One more: mark what is copied, then paste it.</p>}
    </>
  );
}

/** What the layer should draw in the context instead. */
export function GoalPanel() {
  const { rule, layers } = useStore(rewrite, "rule", "layers");
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
          <p class="hint">
            The context is drawn as if the units that speak for it were silent: good for watermarks.
          </p>
          <Slider
            label="Silent units"
            value={Math.min(rule.erased, inputs)}
            min={1}
            max={inputs}
            step={1}
            shown={`${Math.min(rule.erased, inputs)} of ${inputs}`}
            testid="erased"
            onChange={(erased) => apply((state) => ({ ...state, erased }), "erased")}
          />
        </>
      )}
    </section>
  );
}
