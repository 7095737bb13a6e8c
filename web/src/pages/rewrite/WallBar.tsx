import { useState } from "preact/hooks";
import { Button, isActive, perform, Segmented, Slider, useStore } from "../../kit";
import { search, typeSeeds } from "./actions";
import { jobs } from "./jobs";
import { rewrite, sizes, type Tool, tools } from "./state";
import { book } from "./work";

const TOOLS = [
  { value: "context", label: "Context", icon: "target", action: "tool-context", testid: "tool-context" },
  { value: "copy", label: "Copy", icon: "copy", action: "tool-copy", testid: "tool-copy" },
  { value: "paste", label: "Paste", icon: "paste", action: "tool-paste", testid: "tool-paste" },
  { value: "protect", label: "Protect", icon: "shield", action: "tool-protect", testid: "tool-protect" },
] as const;

const HINTS: Readonly<Record<Tool, string>> = {
  context: "Brush over what the rule is about, in one or more pictures.",
  copy: "Mark what the context should become. It is copied from there.",
  paste: "Click where it goes. Drag it to move it.",
  protect: "Brush over what must stay as it is. The rule avoids it, and places like it.",
};

/** Which pictures are on the wall. */
export function SeedBar() {
  const { seedText, seedProblem } = useStore(rewrite);
  const { job } = useStore(jobs.search.store);
  const [typed, setTyped] = useState<string | null>(null);
  const take = () => {
    if (typed !== null) typeSeeds(typed);
    setTyped(null);
  };
  return (
    <form
      class="seed-bar"
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <label class="seed-field">
        <span>Pictures</span>
        <input
          type="text"
          id="wall-seeds"
          data-testid="wall-seeds"
          value={typed ?? seedText}
          spellcheck={false}
          autocomplete="off"
          aria-invalid={seedProblem !== ""}
          aria-describedby="seed-problem"
          onInput={(event) => setTyped(event.currentTarget.value)}
          onBlur={take}
        />
      </label>
      <Button kind="icon" icon="shuffle" label="Other pictures" action="shuffle" testid="wall-shuffle" />
      <Button
        icon="search"
        label="Search"
        testid="search"
        disabled={isActive(job)}
        onClick={() => void search("many", tools.get().among)}
      />
      <p id="seed-problem" class="problem" role="alert">
        {seedProblem}
      </p>
    </form>
  );
}

const SHAPES = [
  { value: "brush", label: "Brush", icon: "brush", testid: "shape-brush" },
  { value: "box", label: "Box", icon: "box", testid: "shape-box" },
] as const;

/** How something is marked. */
function Marking() {
  const { shape, erasing, diameter } = useStore(tools);
  return (
    <>
      <Segmented
        label="Shape"
        value={shape}
        choices={SHAPES}
        onChange={(value) => tools.set({ shape: value })}
      />
      <Button
        kind="icon"
        icon="eraser"
        label="Erase instead (or hold Ctrl)"
        action="remove"
        pressed={erasing}
        testid="eraser"
      />
      {shape === "brush" && (
        <Slider
          label="Size"
          value={diameter}
          range={[sizes.smallest, sizes.largest, 1]}
          testid="brush-size"
          onChange={(value) => tools.set({ diameter: value })}
        />
      )}
    </>
  );
}

/** What the pointer does on the wall. */
export function ToolBar() {
  const { tool, original, hand } = useStore(tools);
  const { rule } = useStore(rewrite);
  const { canUndo, canRedo } = useStore(book.store);
  const choices =
    rule.goal === "erase" ? TOOLS.filter(({ value }) => value === "context" || value === "protect") : TOOLS;
  const buttons = [
    {
      icon: "eye",
      label: "Show the original (or hold \\)",
      action: "original",
      pressed: original,
      testid: "original",
    },
    { icon: "undo", label: "Undo", action: "undo", testid: "rule-undo", disabled: !canUndo },
    { icon: "redo", label: "Redo", action: "redo", testid: "rule-redo", disabled: !canRedo },
  ] as const;
  return (
    <div class="tool-bar" role="toolbar" aria-label="Tools">
      <Segmented
        label="Tool"
        value={tool}
        choices={choices}
        onChange={(value) => tools.set({ tool: value, hand: false })}
      />
      {tool !== "paste" && <Marking />}
      <div class="tool-end">
        <Button
          kind="icon"
          icon="hand"
          label="Scroll the wall with one finger"
          class="for-fingers"
          pressed={hand}
          testid="hand"
          onClick={() => tools.set({ hand: !hand })}
        />
        {buttons.map((button) => (
          <Button key={button.testid} kind="icon" {...button} onClick={() => perform(button.action)} />
        ))}
      </div>
      <p class="hint tool-hint">{HINTS[tool]}</p>
    </div>
  );
}
