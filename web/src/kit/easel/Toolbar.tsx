import type { ComponentChildren } from "preact";
import { percent } from "../../engine/numbers";
import type { Mode } from "../../engine/stroke";
import { Button, perform, Segmented, Slider, tip, useStore } from "..";
import { sizes } from "./actions";
import { useEasel } from "./easel";
import { SaveState } from "./SaveState";
import type { Compare } from "./state";

type Modes = Parameters<typeof Segmented<Mode>>[0]["choices"];

const MODES: Modes = [
  { value: "draw", label: "Draw", icon: "brush", action: "draw", testid: "mode-draw" },
  { value: "remove", label: "Remove", icon: "eraser", action: "remove", testid: "mode-remove" },
];

/** How the brush works; a page may have more modes than the two. */
export function BrushTools({ more = [] }: { more?: Modes }) {
  const { paint } = useEasel();
  const { mode, strength, diameter } = useStore(paint);
  const cells = diameter === 1 ? "1 cell" : `${diameter} cells`;
  return (
    <div class="tools" role="toolbar" aria-label="Brush">
      <Segmented
        label="What the brush does"
        value={mode}
        choices={[...MODES, ...more]}
        onChange={(value) => paint.set({ mode: value })}
      />
      <Slider
        label="Size"
        testid="brush-size"
        value={diameter}
        range={[sizes.smallest, sizes.largest, 1]}
        shown={cells}
        hint="Brush size ([ and ])"
        onChange={(value) => paint.set({ diameter: value })}
      />
      <Slider
        label="Strength"
        testid="strength"
        value={strength}
        range={[0.05, 1, 0.05]}
        shown={percent(strength)}
        hint="Strength (- and =)"
        onChange={(value) => paint.set({ strength: value })}
      />
    </div>
  );
}

interface PictureToolsProps {
  /** What can be shown, with its names. */
  readonly compare: Readonly<Partial<Record<Compare, string>>>;
  /** Further buttons. */
  readonly children: ComponentChildren;
}

function Steps() {
  const { paint, painter } = useEasel();
  const { version } = useStore(paint);
  const { canUndo, canRedo, placed } = painter.history;
  const steps = [
    { action: "undo", label: "Undo", disabled: !canUndo },
    { action: "redo", label: "Redo", disabled: !canRedo },
    { action: "reset", label: "Remove all strokes", disabled: placed.length === 0 },
  ] as const;
  return (
    <div class="group" data-version={version}>
      {steps.map(({ action, ...step }) => (
        <Button
          key={action}
          kind="icon"
          {...step}
          icon={action}
          action={action}
          testid={action}
          onClick={() => perform(action)}
        />
      ))}
    </div>
  );
}

/** What is shown in place of the painting, or beside it. */
function Shown({ names }: { names: PictureToolsProps["compare"] }) {
  const { look } = useEasel();
  const { compare } = useStore(look);
  return (
    <label class="select bare" data-tip={tip("What is shown", "original")}>
      <span class="sr-only">What is shown</span>
      <select
        data-testid="compare-mode"
        value={compare}
        onChange={(event) => {
          const mode = (Object.keys(names) as Compare[]).find((one) => one === event.currentTarget.value);
          if (mode) look.set({ compare: mode });
        }}
      >
        {Object.entries(names).map(([mode, name]) => (
          <option key={mode} value={mode}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Undo, compare, what the page adds, and whether it is all kept. */
export function PictureTools({ compare: names, children }: PictureToolsProps) {
  const { compare, grid } = useStore(useEasel().look);
  return (
    <div class="under">
      <div class="tools picture-tools" role="toolbar" aria-label="Picture">
        <Steps />
        <div class="group">
          <Button
            kind="icon"
            icon="compare"
            label="Compare before and after"
            action="compare"
            pressed={compare === "slider"}
          />
          <Shown names={names} />
          <Button kind="icon" icon="grid" label="Cells of the layer" action="grid" pressed={grid} />
        </div>
        {children}
      </div>
      <SaveState />
    </div>
  );
}
