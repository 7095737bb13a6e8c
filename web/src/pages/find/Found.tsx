import type { components } from "../../api/types";
import { countOf, Earlier, FoundUnits, Icon, linkTo, show } from "../../kit";
import { countShown, shownAs } from "./ShowPanel";

export type Search = components["schemas"]["SearchInfo"];

const TOGETHER = 10;

const nameOf = ({ by, show: text, layer, images }: Search): string =>
  `${shownAs(by, countShown(by, text))} in ${layer}, ${images} pictures`;

/** What a search found: in a sentence, and unit by unit. */
export function Found({ all, search }: { all: readonly Search[]; search: Search }) {
  const { model, layer, units, chance, above_chance: above, by, images } = search;
  const best = units.filter((one) => one.precision > chance).slice(0, TOGETHER);
  const shown = shownAs(by, search.positives);
  return (
    <section class="found" aria-label="What was found" data-testid="find-result">
      <div class="found-head">
        <h2>
          {above === 0 ? "No unit" : countOf(above, "unit")} of {layer}{" "}
          <small>
            {above < 2 ? "ranks" : "rank"} your {shown} above {images} other pictures better than chance
          </small>
        </h2>
        <Earlier
          all={all}
          shown={search}
          nameOf={nameOf}
          onChoose={(one) => show({ found: one.id, by: one.by, show: one.show, layer: one.layer }, false)}
        />
      </div>
      <p class="hint">
        A score of 1 ranks every picture that shows it before all others; the line is what chance reaches (
        {chance.toFixed(2)}).{" "}
        {above === 0
          ? "Show it in more pictures, or look in another layer."
          : "Below are the pictures in which each unit is strongest, with the place where it is: choose one to paint on it."}
      </p>
      {best.length > 0 && (
        <p>
          <a
            class="button primary"
            data-testid="paint-best"
            href={linkTo("paint", { model, layer, units: best.map((one) => one.unit).join(",") })}
          >
            <Icon name="brush" />
            <span>Paint with {best.length === 1 ? "this unit" : `the best ${best.length}`}</span>
          </a>
        </p>
      )}
      <FoundUnits
        model={model}
        layer={layer}
        units={units}
        scoreOf={(unit) => ({
          score: unit.precision.toFixed(2),
          badge: unit.switch ? "switch" : "",
          bar: [unit.precision, chance],
        })}
      />
    </section>
  );
}
