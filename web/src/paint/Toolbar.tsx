import { percent } from "../engine/numbers";
import { Button, Segmented, Slider, tip } from "../ui/controls";
import { useStore } from "../ui/hooks";
import { ShareMenu } from "./ShareMenu";
import { look, paint, painter } from "./session";
import { COMPARE, type Compare } from "./state";
import { resetPainting, sizes } from "./usePaintActions";

const COMPARE_NAMES: Readonly<Record<Compare, string>> = {
  off: "Painting",
  original: "Original",
  slider: "Slider",
  side: "Side by side",
  difference: "Difference",
};

/** How the brush works. */
export function BrushTools() {
  const { mode, strength, diameter } = useStore(paint, "mode", "strength", "diameter");
  const cells = diameter === 1 ? "1 cell" : `${diameter} cells`;
  return (
    <div class="tools" role="toolbar" aria-label="Brush">
      <Segmented
        label="What the brush does"
        value={mode}
        choices={[
          { value: "draw", label: "Draw", icon: "brush", action: "draw", testid: "mode-draw" },
          { value: "remove", label: "Remove", icon: "eraser", action: "remove", testid: "mode-remove" },
        ]}
        onChange={(value) => paint.set({ mode: value })}
      />
      <Slider
        label="Size"
        testid="brush-size"
        value={diameter}
        min={sizes.smallest}
        max={sizes.largest}
        step={1}
        shown={cells}
        hint="Brush size ([ and ])"
        onChange={(value) => paint.set({ diameter: value })}
      />
      <Slider
        label="Strength"
        testid="strength"
        value={strength}
        min={0.05}
        max={1}
        step={0.05}
        shown={percent(strength)}
        hint="Strength (- and =)"
        onChange={(value) => paint.set({ strength: value })}
      />
    </div>
  );
}

/** Undo, compare, share. */
export function PictureTools() {
  const { version } = useStore(paint, "version");
  const { compare, grid } = useStore(look, "compare", "grid");
  const { canUndo, canRedo, placed } = painter.history;
  const steps = [
    { action: "undo", label: "Undo", disabled: !canUndo, onClick: painter.undo },
    { action: "redo", label: "Redo", disabled: !canRedo, onClick: painter.redo },
    { action: "reset", label: "Remove all strokes", disabled: placed.length === 0, onClick: resetPainting },
  ] as const;
  return (
    <div class="tools picture-tools" role="toolbar" aria-label="Picture" data-version={version}>
      <div class="group">
        {steps.map((step) => (
          <Button key={step.action} kind="icon" {...step} icon={step.action} testid={step.action} />
        ))}
      </div>
      <div class="group">
        <Button
          kind="icon"
          icon="compare"
          label="Compare before and after"
          action="compare"
          testid="compare"
          pressed={compare === "slider"}
          onClick={() => look.set({ compare: compare === "slider" ? "off" : "slider" })}
        />
        <label class="select bare" data-tip={tip("What is shown", "original")}>
          <span class="sr-only">What is shown</span>
          <select
            data-testid="compare-mode"
            value={compare}
            onChange={(event) => {
              const mode = COMPARE.find((one) => one === event.currentTarget.value);
              if (mode) look.set({ compare: mode });
            }}
          >
            {COMPARE.map((mode) => (
              <option key={mode} value={mode}>
                {COMPARE_NAMES[mode]}
              </option>
            ))}
          </select>
        </label>
        <Button
          kind="icon"
          icon="grid"
          label="Cells of the layer"
          action="grid"
          testid="grid"
          pressed={grid}
          onClick={() => look.set({ grid: !grid })}
        />
      </div>
      <ShareMenu />
    </div>
  );
}
