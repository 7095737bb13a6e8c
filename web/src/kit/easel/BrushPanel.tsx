import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { BrushInfo } from "../../api/client";
import { conceptIcon } from "../../engine/conceptIcons";
import { formatUnits, parseUnits } from "../../engine/numbers";
import type { Brush } from "../../engine/stroke";
import { Button, conceptColour, go, Icon, Notice, Segmented, Select, studioModels, tip, useStore } from "..";
import { type BrushGroup, groupsOf, isOf, scoreText } from "./brushKinds";
import { brushOf, useEasel } from "./easel";
import { layerChoice, paintableLayers } from "./state";

function BrushButton({ group, chosen }: { group: BrushGroup; chosen: boolean }) {
  const { paint } = useEasel();
  const { best } = group;
  const icon = conceptIcon(best.concept);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (chosen) button.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [chosen]);
  return (
    <button
      ref={button}
      type="button"
      class="brush"
      data-testid={`brush-${best.concept}`}
      data-tip={`${Math.min(best.top, best.units.length)} units of ${best.layer}`}
      aria-pressed={chosen}
      style={{ "--concept": conceptColour(best.concept) }}
      onClick={() => paint.set({ brush: brushOf(best), layer: best.layer })}
    >
      <span class="brush-dot">
        {icon ? <Icon path={icon} size={22} /> : <b aria-hidden="true">{best.concept.slice(0, 1)}</b>}
      </span>
      <span class="brush-name">{best.concept}</span>
      {best.score && <small class="brush-score">{best.score.of_ten} of 10</small>}
    </button>
  );
}

/** The kinds of brush that the chosen concept has, and what the chosen one does. */
function KindChoice({ brushes, chosen }: { brushes: readonly BrushInfo[]; chosen: Brush | null }) {
  const { paint } = useEasel();
  const group = groupsOf(brushes).find((one) => one.kinds.some((info) => chosen && isOf(chosen, info)));
  const info = group?.kinds.find((one) => chosen && isOf(chosen, one));
  if (!group || !info || (group.kinds.length < 2 && !info.score)) return null;
  return (
    <div class="brush-kinds" data-testid="brush-kinds">
      <Segmented
        label="Kind of brush"
        value={info.kind}
        choices={group.kinds.map((one) => ({
          value: one.kind,
          label: one.score ? `${one.kind} ${one.score.of_ten}/10` : one.kind,
          testid: `kind-${one.kind}`,
        }))}
        onChange={(kind) => {
          const next = group.kinds.find((one) => one.kind === kind);
          if (next) paint.set({ brush: brushOf(next), layer: next.layer });
        }}
      />
      <p class="hint">
        {info.means.charAt(0).toUpperCase() + info.means.slice(1)}. {scoreText(info)}
      </p>
    </div>
  );
}

/** Units typed by hand: 3, 5, 8-12. */
function UnitsField() {
  const easel = useEasel();
  const { brush, layer, model } = useStore(easel.paint);
  const count = model?.layers.find((one) => one.name === layer)?.units ?? 0;
  const chosen = brush && brush.concept === null && !brush.values ? formatUnits(brush.units) : "";
  const [text, setText] = useState(chosen);
  useLayoutEffect(() => setText(chosen), [chosen]);
  const { units, problem } = parseUnits(text, count);
  return (
    <form
      class="units-field"
      onSubmit={(event) => {
        event.preventDefault();
        if (units.length > 0) easel.pickUnits(units, layer);
      }}
    >
      <label>
        <span>Your own units</span>
        <input
          type="text"
          inputMode="numeric"
          placeholder="3, 5, 8-12"
          data-testid="units-field"
          value={text}
          aria-invalid={problem !== ""}
          aria-describedby="units-problem"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button
        type="submit"
        class="button plain"
        aria-disabled={units.length === 0}
        aria-pressed={chosen !== ""}
      >
        Use
      </button>
      <p id="units-problem" class="problem" role="status">
        {problem}
      </p>
    </form>
  );
}

function BrushList({ groups, chosen }: { groups: readonly BrushGroup[]; chosen: Brush | null }) {
  return (
    <div class="brush-list">
      {groups.map((one) => (
        <BrushButton
          key={one.best.concept}
          group={one}
          chosen={chosen !== null && one.kinds.some((info) => isOf(chosen, info))}
        />
      ))}
    </div>
  );
}

/** Pick the appearance of a place up, to paint with it elsewhere. */
function PickButton() {
  const { paint } = useEasel();
  const { picking, brush } = useStore(paint);
  return (
    <button
      type="button"
      class="brush pick"
      data-testid="pick"
      data-tip={tip("Copy the appearance of a place in the picture", "pick")}
      aria-pressed={picking || (brush?.values !== undefined && brush.concept === null)}
      onClick={() => paint.set({ picking: !picking })}
    >
      <span class="brush-dot">
        <Icon name="pick" size={22} />
      </span>
      <span class="brush-name">{picking ? "Click a place" : "Pick"}</span>
    </button>
  );
}

/** Where one paints: the model, the layer, units of one's own. */
function Source({ onModel }: { onModel: ((model: string) => void) | undefined }) {
  const easel = useEasel();
  const { brushes, absent, layer, model, lowest } = useStore(easel.paint);
  const { models } = useStore(studioModels);
  const names = models.filter((one) => one.paintable).map((one) => one.name);
  return (
    <div class="more-tools">
      <PickButton />
      {onModel && names.length > 1 && model && (
        <Select label="Model" value={model.name} choices={names} testid="paint-model" onChange={onModel} />
      )}
      <Select
        label="Layer"
        value={layer}
        choices={paintableLayers({ model, lowest }).map(layerChoice)}
        testid="paint-layer"
        onChange={(name) => void easel.selectLayer(name)}
      />
      <UnitsField />
      {brushes.length > 0 && absent.length > 0 && (
        <p class="hint absent" data-testid="absent-brushes">
          No unit of {layer} matches {absent.join(", ")}, so they cannot be painted in this layer.
        </p>
      )}
    </div>
  );
}

/** What to paint with: things that work first; what does not, and parts, materials and kinds are one step away. */
export function BrushPanel({ onModel }: { onModel?: (model: string) => void }) {
  const { brushes, brush, layer, model } = useStore(useEasel().paint);
  const things = brushes.filter((one) => one.plane === "object");
  const main = groupsOf(things.length > 0 ? things : brushes);
  const others = groupsOf(things.length > 0 ? brushes.filter((one) => one.plane !== "object") : []);
  const experimental = main.filter((one) => one.experimental);
  const holds = (groups: readonly BrushGroup[]) =>
    groups.some((one) => one.kinds.some((info) => brush !== null && isOf(brush, info)));
  return (
    <section class="panel brushes" aria-label="Brushes">
      <BrushList groups={main.filter((one) => !one.experimental)} chosen={brush} />
      <KindChoice brushes={brushes} chosen={brush} />
      {model && brushes.length === 0 && (
        <Notice
          title="No brushes in this layer yet"
          detail="Dissect the layer to match its units with concepts."
        >
          <Button
            label="Dissect the layer"
            icon="flask"
            onClick={() => go("units", { model: model.name, layer })}
          />
        </Notice>
      )}
      {experimental.length > 0 && (
        <details class="more" data-testid="experimental" open={holds(experimental)}>
          <summary>Experimental</summary>
          <div class="more-body">
            <p class="hint">These reach fewer than half of the places where their concept may stand.</p>
            <BrushList groups={experimental} chosen={brush} />
          </div>
        </details>
      )}
      <details class="more" open={brush?.concept === null || holds(others)}>
        <summary>More</summary>
        <div class="more-body">
          <BrushList groups={others} chosen={brush} />
          <Source onModel={onModel} />
        </div>
      </details>
    </section>
  );
}
