import type { ModelInfo } from "../../api/client";
import { emptyMask } from "../../engine/mask";
import { toLink } from "../../engine/share";
import { freshId } from "../../engine/stroke";
import { countOf, Earlier, FoundUnits, Icon, linkTo, StripLinks, show, useLoaded } from "../../kit";
import { type Artifacts, Distances } from "./Distances";

const nameOf = ({ off, layer, images }: Artifacts): string =>
  `${countOf(off.length, "unit")} of ${layer} off, ${images} pictures`;

/** The stroke that switches units off everywhere, as an address of the page Paint holds it. */
function switchedOff(model: ModelInfo, { layer, off }: Artifacts): Promise<string> {
  const mask = emptyMask(model.layers.find((one) => one.name === layer)?.size ?? 16);
  mask.cells.fill(255);
  const brush = { layer, concept: null, units: off, top: off.length };
  return toLink([{ id: freshId(), brush, mode: "remove", strength: 1, mask }]);
}

/** The same pictures with and without the units; each leads to Paint, where the units are off. */
function Without({ model, found }: { model: ModelInfo; found: Artifacts }) {
  const { seeds, strip } = found.without;
  const { value: edits } = useLoaded(found.id, () => switchedOff(model, found));
  const ways = { model: model.name, layer: found.layer, edits: edits ?? "" };
  const linkOf = (seed: number) => linkTo("paint", { ...ways, seed: `${seed}` });
  const [first] = seeds;
  return (
    <section class="panel without" aria-label="With and without">
      <h2>
        Without them <small>above as the model draws them, below with the units off</small>
      </h2>
      <StripLinks
        both
        strip={strip}
        seeds={seeds}
        label={(seed) => `Picture ${seed}: open it in Paint with the units off`}
        linkOf={linkOf}
      />
      {first !== undefined && (
        <p>
          <a class="button" data-testid="paint-without" href={linkOf(first)}>
            <Icon name="brush" />
            <span>Paint with {found.off.length === 1 ? "this unit" : "these units"} off</span>
          </a>
        </p>
      )}
    </section>
  );
}

/** What was found: in a sentence, in distances, in pictures, and unit by unit. */
export function Found(props: { model: ModelInfo; all: readonly Artifacts[]; found: Artifacts }) {
  const { model, all, found } = props;
  const { layer, units, suspects, chance, off } = found;
  const longest = Math.max(chance[1], ...units.map((one) => one.distance));
  return (
    <section class="found" aria-label="What was found" data-testid="artifacts-result">
      <div class="found-head">
        <h2>
          {suspects === 0 ? "No unit" : countOf(suspects, "unit")} of {layer}{" "}
          <small>{suspects < 2 ? "has" : "have"} top pictures further from real ones than by chance</small>
        </h2>
        <Earlier
          all={all}
          shown={found}
          nameOf={nameOf}
          onChoose={(one) => show({ found: one.id, layer: one.layer }, false)}
        />
      </div>
      <Distances found={found} />
      <Without model={model} found={found} />
      <p class="hint">
        The worst units first, with the distance of their top pictures to real ones; the line is what random
        pictures reach ({chance[1].toPrecision(3)}). Choose a picture to paint on it.
      </p>
      <FoundUnits
        model={model.name}
        layer={layer}
        units={units}
        scoreOf={(unit) => ({
          score: unit.distance.toPrecision(3),
          badge: off.includes(unit.unit) ? "off" : "",
          bar: [unit.distance / longest, chance[1] / longest],
        })}
      />
    </section>
  );
}
