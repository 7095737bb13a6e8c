import type { ComponentChildren } from "preact";
import type { Problem } from "../api/client";
import type { IconName } from "../engine/icons";
import { perform, refuse, tip } from "./actions";
import { Icon } from "./Icon";

interface ButtonProps {
  readonly label: string;
  readonly icon?: IconName;
  /** What the page calls what it does; its key is shown. */
  readonly action?: string;
  /** What it does, unless that is its action. */
  readonly onClick?: () => void;
  /** Its name in tests, unless that is its action's. */
  readonly testid?: string;
  readonly kind?: "plain" | "icon" | "primary" | "quiet";
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly class?: string;
}

/** A button; one that shows only an icon carries its name and shortcut as a tooltip. */
export function Button(props: ButtonProps) {
  const { label, icon, action = "", kind = "plain", disabled = false, pressed } = props;
  const run = props.onClick ?? (() => perform(action));
  return (
    <button
      type="button"
      class={`button ${kind} ${props.class ?? ""}`}
      data-testid={props.testid ?? (action || undefined)}
      data-tip={kind === "icon" || action ? tip(label, action) : undefined}
      aria-label={kind === "icon" ? label : undefined}
      aria-pressed={pressed}
      aria-disabled={disabled}
      onClick={() => (disabled ? refuse(action) : run())}
    >
      {icon && <Icon name={icon} />}
      {kind !== "icon" && <span>{label}</span>}
    </button>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  /** The smallest value, the largest, and what lies between two. */
  readonly range: readonly [number, number, number];
  /** How the value is written, unless as it is. */
  readonly shown?: string;
  readonly testid: string;
  readonly hint?: string;
  readonly onChange: (value: number) => void;
}

export function Slider({ label, value, range, shown = `${value}`, testid, hint, onChange }: SliderProps) {
  const [min, max, step] = range;
  const filled = (100 * (value - min)) / (max - min);
  return (
    <label class="slider" data-tip={hint}>
      <span class="slider-name">{label}</span>
      <output>{shown}</output>
      <input
        type="range"
        data-testid={testid}
        min={min}
        max={max}
        step={step}
        value={value}
        style={{ "--filled": `${filled}%` }}
        aria-valuetext={shown}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
    </label>
  );
}

interface SegmentedProps<Choice extends string> {
  readonly label: string;
  readonly value: Choice;
  readonly choices: readonly {
    value: Choice;
    label: string;
    icon?: IconName;
    action?: string;
    testid?: string;
  }[];
  readonly onChange: (value: Choice) => void;
}

/** A choice between a few, side by side. */
export function Segmented<Choice extends string>({
  label,
  value,
  choices,
  onChange,
}: SegmentedProps<Choice>) {
  return (
    <fieldset class="segmented">
      <legend class="sr-only">{label}</legend>
      {choices.map((choice) => (
        <button
          type="button"
          key={choice.value}
          data-testid={choice.testid}
          data-tip={tip(choice.label, choice.action)}
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.icon && <Icon name={choice.icon} size={18} />}
          <span>{choice.label}</span>
        </button>
      ))}
    </fieldset>
  );
}

export function Select<Choice extends string>(props: {
  label: string;
  value: Choice;
  /** Those that are called by another name say by which. */
  choices: readonly (Choice | { value: Choice; label: string })[];
  testid?: string;
  onChange: (value: Choice) => void;
}) {
  const choices = props.choices.map((one) => (typeof one === "string" ? { value: one, label: one } : one));
  return (
    <label class="select">
      <span>{props.label}</span>
      <select
        data-testid={props.testid}
        value={props.value}
        onChange={(event) => {
          const chosen = choices.find((choice) => choice.value === event.currentTarget.value);
          if (chosen) props.onChange(chosen.value);
        }}
      >
        {choices.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What went wrong, in a line. */
export function Trouble({ problem, testid }: { problem: Problem | null; testid?: string }) {
  if (!problem) return null;
  return (
    <p class="problem" role="alert" data-testid={testid}>
      {problem.title}: {problem.detail} {problem.hint}
    </p>
  );
}

/** Something that takes the place of content: nothing there yet, or an error with what to do. */
export function Notice(props: {
  title: string;
  detail?: string;
  hint?: string;
  children?: ComponentChildren;
}) {
  return (
    <div class="notice">
      <h2>{props.title}</h2>
      {props.detail && <p>{props.detail}</p>}
      {props.hint && <p class="hint">{props.hint}</p>}
      {props.children}
    </div>
  );
}
