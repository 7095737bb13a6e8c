import { useState } from "preact/hooks";
import type { ModelInfo } from "../../api/client";
import type { components } from "../../api/types";
import { Button, Icon, linkTo, ReportHtml } from "../../kit";
import type { Evidence, SeenPhoto } from "./shapes";

type Part = Evidence["parts"][number];
type Unseen = components["schemas"]["EvidenceUnseen"];

const METHODS: Record<string, string> = {
  linear: "The parts are exact: pooled features times class weights.",
  gradients: "The parts are integrated gradients, because the head is not linear.",
  ablation: "A part is the fall of the logit when the unit alone is off.",
};

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

const nameOf = ({ unit, concept, weighs_for: classes }: Pick<Part, "unit" | "concept" | "weighs_for">) =>
  concept ?? (classes.length > 0 ? `for ${classes.join(", ")}` : `unit ${unit}`);

const whereIs = ({ share }: Part, places: boolean): string => {
  if (!places) return "of the whole photo";
  return share === null ? "above its threshold nowhere" : `${(100 * share).toFixed(0)} % of the photo`;
};

interface RowProps {
  readonly part: Part;
  /** Whether units of the layer have places in the picture. */
  readonly places: boolean;
  readonly most: number;
  readonly link: string | null;
  readonly lit: boolean;
  readonly onLight: (lit: boolean) => void;
  readonly onOff: () => void;
}

/** One unit: what it adds, where it is (while it is pointed at), and a way to switch it off. */
function PartRow({ part, places, most, link, lit, onLight, onOff }: RowProps) {
  const { unit, contribution } = part;
  const side = contribution > 0 ? "for" : "against";
  return (
    <li
      class={`explain-part ${side} ${lit ? "lit" : ""}`}
      data-testid={`part-${unit}`}
      onPointerEnter={() => onLight(true)}
      onPointerLeave={() => onLight(false)}
      onFocusCapture={() => onLight(true)}
      onBlurCapture={() => onLight(false)}
    >
      <p class="explain-line">
        {link ? (
          <a href={link} data-testid={`unit-${unit}`} title="See this unit on the page Units">
            Unit {unit}
          </a>
        ) : (
          <b>Unit {unit}</b>
        )}
        <span class={part.concept ? "explain-name" : "explain-name plain"}>{nameOf(part)}</span>
        <output>{signed(contribution)}</output>
      </p>
      <span class="explain-bar" aria-hidden="true">
        <i style={{ width: `${(100 * Math.abs(contribution)) / most}%` }} />
      </span>
      <p class="explain-more">
        <small>{whereIs(part, places)}</small>
        <Button kind="quiet" label="Switch off" testid={`off-${unit}`} onClick={onOff} />
      </p>
    </li>
  );
}

function UnseenList({
  unseen,
  linkOf,
}: {
  unseen: readonly Unseen[];
  linkOf: (unit: number) => string | null;
}) {
  return (
    <ul class="explain-unseen" data-testid="explain-unseen">
      {unseen.map((each) => {
        const link = linkOf(each.unit);
        return (
          <li key={each.unit}>
            {link ? <a href={link}>Unit {each.unit}</a> : <b>Unit {each.unit}</b>} {nameOf(each)}{" "}
            <small>
              usually {signed(each.usual)}, here {signed(each.contribution)}
            </small>
          </li>
        );
      })}
    </ul>
  );
}

interface Props {
  readonly found: Evidence;
  /** Whether the next one is awaited. */
  readonly busy: boolean;
  readonly photo: SeenPhoto;
  readonly model: ModelInfo;
  readonly off: readonly number[];
  readonly onClass: (name: string) => void;
  readonly onToggle: (unit: number) => void;
  readonly onReset: () => void;
}

/** The photo, the first classes, and the units that spoke for and against the one that is explained. */
export function EvidenceView({ found, busy, photo, model, off, onClass, onToggle, onReset }: Props) {
  const [lit, setLit] = useState<number | null>(null);
  const speaking = found.parts.filter((one) => one.contribution > 0);
  const against = found.parts.filter((one) => one.contribution < 0).reverse();
  const most = Math.max(1e-9, ...found.parts.map((one) => Math.abs(one.contribution)));
  const region = found.parts.find((one) => one.unit === lit)?.region;
  const linkOf = (unit: number): string | null =>
    found.dissected ? linkTo("units", { model: model.name, layer: found.dissected, unit: `${unit}` }) : null;
  const row = (one: Part) => (
    <PartRow
      key={one.unit}
      part={one}
      places={found.places}
      most={most}
      link={linkOf(one.unit)}
      lit={one.unit === lit}
      onLight={(on) => setLit(on ? one.unit : null)}
      onOff={() => onToggle(one.unit)}
    />
  );
  return (
    <div class="explain-grid" data-testid="explained" aria-busy={busy}>
      <div class="explain-side">
        <div class={`explain-picture ${region ? "dim" : ""}`}>
          <img src={found.picture} alt={`${photo.name}, as the model is shown it`} />
          {region && (
            <span
              class="explain-region"
              data-testid="explain-region"
              style={{
                backgroundImage: `url("${found.picture}")`,
                maskImage: `url("${region}")`,
                WebkitMaskImage: `url("${region}")`,
              }}
            />
          )}
        </div>
        <ol class="explain-classes" aria-label="First classes">
          {found.classes.map((one) => (
            <li key={one.name}>
              <button
                type="button"
                aria-pressed={one.name === found.class_name}
                data-testid="explain-class"
                onClick={() => onClass(one.name)}
              >
                <span>{one.name}</span>
                <output>{(100 * one.probability).toFixed(1)} %</output>
                <i aria-hidden="true" style={{ width: `${100 * one.probability}%` }} />
              </button>
            </li>
          ))}
        </ol>
      </div>
      <div class="explain-parts">
        <h2 data-testid="explain-heading">
          Why {found.class_name}? <small>logit {found.logit.toFixed(2)}</small>
        </h2>
        {off.length > 0 && (
          <p class="explain-off" data-testid="explain-off">
            Off:{" "}
            {off.map((unit) => (
              <button
                type="button"
                class="chip"
                key={unit}
                title="Switch it on again"
                data-testid={`on-${unit}`}
                onClick={() => onToggle(unit)}
              >
                unit {unit} <Icon name="close" size={14} />
              </button>
            ))}
            <Button kind="quiet" icon="reset" label="All on" testid="explain-all-on" onClick={onReset} />
          </p>
        )}
        <h3>It saw</h3>
        <ul>{speaking.map(row)}</ul>
        <h3>What spoke against</h3>
        {against.length > 0 ? <ul>{against.map(row)}</ul> : <p class="hint">No unit.</p>}
        {found.unseen.length > 0 && <h3>It did not see</h3>}
        {found.unseen.length > 0 && <UnseenList unseen={found.unseen} linkOf={linkOf} />}
        <p class="hint">
          {METHODS[found.method]} These parts and a remainder of {signed(found.remainder)} add up to the
          logit.{" "}
          {found.named
            ? `Names come from the report of ${found.dissected}.`
            : `No report of ${found.layer} names the units, so each shows the classes that it weighs most for.`}
        </p>
      </div>
      <section class="report explain-curves" aria-label="Deletion and insertion">
        <ReportHtml html={found.curves} testid="explain-curves" />
      </section>
    </div>
  );
}
