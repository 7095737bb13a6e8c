import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { LayerInfo, ModelInfo } from "../api/client";
import type { components } from "../api/types";
import { formatRoute, type Query } from "../engine/route";
import { Button, Notice, Select } from "./controls";
import { useStore } from "./hooks";
import { Icon } from "./Icon";
import { useModels } from "./models";
import { router, show } from "./router";

type Search = components["schemas"]["SearchInfo"];
type Finding = Pick<Search, "id" | "created">;
type ShownUnit = Pick<Search["units"][number], "unit" | "seeds" | "strip">;

/** Where something is shown, as a link. */
export const linkTo = (page: string, query: Query): string => formatRoute({ page, query });

interface HeadProps {
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly about: string;
  /** Whether the page can do something with a model. */
  readonly fits: (model: ModelInfo) => boolean;
  /** What it says where there is none. */
  readonly none: string;
  readonly children: (model: ModelInfo, layer: LayerInfo) => ComponentChildren;
}

/** A page about a layer of a generator whose units draw maps: both are chosen at its top. */
export function OfLayer({ title, about, fits, none, children }: HeadProps) {
  const { query } = useStore(router).route;
  const { info, models, problem } = useModels();
  const maps = (model: ModelInfo) => model.layers.filter((one) => one.size > 0);
  const list = models.filter((one) => one.paintable && maps(one).length > 0 && fits(one));
  const model = list.find((one) => one.name === query.model) ?? list[0];
  const layers = model ? maps(model) : [];
  const named = (name: string | null | undefined) => layers.find((one) => one.name === name);
  const layer = named(query.layer) ?? named(model?.default_layer) ?? layers[0];
  if (problem) return <Notice {...problem} />;
  if (info && !model) return <Notice title="No generator here" detail={none} />;
  if (!model || !layer) return <p class="hint">Loading…</p>;
  return (
    <div class="of-layer">
      <div class="row page-head">
        <h1>{title}</h1>
        <Select
          label="Model"
          value={model.name}
          choices={list.map((one) => one.name)}
          testid="of-model"
          onChange={(name) => show({ model: name, layer: "", found: "", show: "" }, false)}
        />
        <Select
          label="Layer"
          value={layer.name}
          choices={layers.map(({ name, units }) => ({ value: name, label: `${name} · ${units} units` }))}
          testid="of-layer"
          onChange={(name) => show({ layer: name }, false)}
        />
      </div>
      <p class="hint">{about}</p>
      {children(model, layer)}
    </div>
  );
}

/** "1 unit", "12 units". */
export const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const when = (seconds: number) =>
  new Date(1000 * seconds).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });

interface EarlierProps<Found extends Finding> {
  readonly all: readonly Found[];
  readonly shown: Found;
  readonly nameOf: (one: Found) => string;
  readonly onChoose: (one: Found) => void;
}

/** What was found before, to be shown again. */
export function Earlier<Found extends Finding>({ all, shown, nameOf, onChoose }: EarlierProps<Found>) {
  if (all.length < 2) return null;
  const choices = all.map((one) => ({ value: one.id, label: `${nameOf(one)} · ${when(one.created)}` }));
  return (
    <Select
      label="Found before"
      value={shown.id}
      choices={choices}
      testid="earlier"
      onChange={(id) => {
        const chosen = all.find((one) => one.id === id);
        if (chosen) onChoose(chosen);
      }}
    />
  );
}

interface PicturesProps {
  /** Of two rows of pictures: the upper is shown, and the lower while one is pointed at. */
  readonly strip: string;
  /** Show both rows. */
  readonly both?: boolean;
  readonly seeds: readonly number[];
  readonly label: (seed: number) => string;
  readonly linkOf: (seed: number) => string;
}

/** Pictures of a strip, each a link to where one goes on with it. */
export function StripLinks({ strip, both = false, seeds, label, linkOf }: PicturesProps) {
  return (
    <ul class={`strip-links ${both ? "both" : ""}`}>
      {seeds.map((seed, place) => (
        <li key={seed}>
          <a
            href={linkOf(seed)}
            title={label(seed)}
            style={{
              backgroundImage: `url("${strip}")`,
              backgroundSize: `${100 * seeds.length}% ${both ? 100 : 200}%`,
              backgroundPositionX: `${(100 * place) / Math.max(1, seeds.length - 1)}%`,
            }}
          >
            <span class="sr-only">{label(seed)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

interface FoundProps<Unit extends ShownUnit> {
  readonly model: string;
  readonly layer: string;
  /** The best first. */
  readonly units: readonly Unit[];
  readonly scoreOf: (unit: Unit) => Score;
}

const FIRST = 8;

/** Units that were found, the best first. */
export function FoundUnits<Unit extends ShownUnit>({ model, layer, units, scoreOf }: FoundProps<Unit>) {
  const [all, setAll] = useState(false);
  const more = units.length - FIRST;
  return (
    <>
      <ul class="found-units">
        {units.slice(0, all ? units.length : FIRST).map((unit) => (
          <FoundUnit key={unit.unit} model={model} layer={layer} unit={unit} {...scoreOf(unit)} />
        ))}
      </ul>
      {!all && more > 0 && (
        <Button label={`Show ${more} more`} testid="found-more" onClick={() => setAll(true)} />
      )}
    </>
  );
}

interface Score {
  /** How it did, in a number or two. */
  readonly score: string;
  readonly badge: string;
  /** The score and what chance gives, in parts of the longest bar. */
  readonly bar: readonly [number, number];
}

interface UnitProps extends Score {
  readonly model: string;
  readonly layer: string;
  readonly unit: ShownUnit;
}

/** A unit that was found: its score, its pictures, and what can be done with it. */
function FoundUnit({ model, layer, unit: { unit, seeds, strip }, score, badge, bar }: UnitProps) {
  const place = { model, layer };
  const share = (part: number) => `${Math.min(100, 100 * part)}%`;
  const pictures = seeds.join(",");
  return (
    <li class="found-unit" data-testid="found-unit" data-unit={unit}>
      <p class="found-line">
        <b>Unit {unit}</b>
        {badge && <span class="badge-plain">{badge}</span>}
        <span class="found-score">{score}</span>
      </p>
      <span class="match">
        <span class={`match-bar ${bar[0] > bar[1] ? "" : "weak"}`} style={{ width: share(bar[0]) }} />
        <span class="match-chance" style={{ left: share(bar[1]) }} />
      </span>
      <StripLinks
        strip={strip}
        seeds={seeds}
        label={(seed) => `Picture ${seed}: paint on it with unit ${unit}`}
        linkOf={(seed) => linkTo("paint", { ...place, units: `${unit}`, seed: `${seed}` })}
      />
      <p class="found-ways">
        <a href={linkTo("paint", { ...place, units: `${unit}` })} data-testid="paint-unit">
          <Icon name="brush" size={18} />
          Paint with it
        </a>
        <a href={linkTo("rewrite", { ...place, seeds: pictures })} data-testid="rewrite-pictures">
          <Icon name="rule" size={18} />
          Rewrite in these pictures
        </a>
      </p>
    </li>
  );
}
