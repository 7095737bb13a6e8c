import { percent, signed } from "../../engine/numbers";
import { appearing, bordering, changeRange, curveOf, type Effect, stripOf } from "../../engine/results";
import { conceptColour } from "../../kit";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [320, 160, 54, 8, 10, 26];
const SHOWN = 4;

/** What is left of a concept after each unit that was switched off, beside what random units do. */
function Curve({ effect }: { effect: Effect }) {
  const curve = curveOf(effect);
  const last = Math.max(1, ...curve.map(([off]) => off));
  const [low, high] = changeRange(effect);
  const x = (off: number) => LEFT + ((WIDTH - LEFT - RIGHT) * off) / last;
  const y = (change: number) => {
    const share = (high - Math.min(high, Math.max(low, change))) / (high - low);
    return TOP + (HEIGHT - TOP - BOTTOM) * share;
  };
  const path = curve.map(
    ([off, change], i) => `${i ? "L" : "M"}${x(off).toFixed(1)} ${y(change).toFixed(1)}`,
  );
  const band = effect.control?.interval;
  const marks = high > 0 ? [high, 0, low] : [0, low];
  return (
    <svg
      class="effect-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Change of ${effect.concept} from 0 to ${last} units off`}
    >
      {band && (
        <rect
          x={LEFT}
          width={WIDTH - LEFT - RIGHT}
          y={y(band[1])}
          height={Math.max(2, y(band[0]) - y(band[1]))}
          class="band"
        />
      )}
      {marks.map((change) => (
        <g key={change}>
          <line
            x1={LEFT}
            x2={WIDTH - RIGHT}
            y1={y(change)}
            y2={y(change)}
            class={change === 0 ? "axis" : "faint"}
          />
          <text x={LEFT - 6} y={y(change) + 4} text-anchor="end">
            {change === 0 ? "0" : signed(change)}
          </text>
        </g>
      ))}
      <path d={path.join(" ")} class="line" style={{ stroke: conceptColour(effect.concept) }} />
      <text x={LEFT} y={HEIGHT - 6}>
        0 units off
      </text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 6} text-anchor="end">
        {last}
      </text>
    </svg>
  );
}

/** The same pictures with more and more units off, to be looked at from left to right. */
function Strip({ effect, source }: { effect: Effect; source: string }) {
  return (
    <figure class="effect-strip">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard */}
      <section class="effect-scroll" tabIndex={0} aria-label="Pictures with more and more units off">
        <img
          src={source}
          alt={`Rows are pictures; columns have 0 to ${effect.units.length} units off`}
          style={{ width: `${effect.curve.length * 128}px` }}
        />
      </section>
      <figcaption class="hint">
        From 0 units off on the left to {effect.units.length} on the right.
      </figcaption>
    </figure>
  );
}

/** What a measurement found, in a sentence, a curve and pictures. */
export function EffectResult({ effect }: { effect: Effect }) {
  const { concept, relative_change: change, control } = effect;
  if (change === null) {
    return (
      <p class="effect" data-testid="effect-result">
        There is no {concept} in these {effect.images} pictures, so no effect can be measured.
      </p>
    );
  }
  const appears = appearing(effect).slice(0, SHOWN);
  const strip = stripOf(effect);
  return (
    <div class="effect" data-testid="effect-result">
      <p>
        <b class="big">{signed(change)}</b> {concept} with {effect.units.length} units off: from{" "}
        {percent(effect.area_before, 1)} to {percent(effect.area_after, 1)} of {effect.images} new pictures.
      </p>
      {control === null && (
        <p class="hint">
          No comparison: outside this set the layer has too few units for random sets of as many.
        </p>
      )}
      {control && control.relative_change !== null && (
        <p class="hint">
          As many random units, {control.sets} times: {signed(control.relative_change)}
          {control.interval &&
            ` (${signed(control.interval[0])} to ${signed(control.interval[1])}, the band)`}
          .
        </p>
      )}
      {effect.curve.length > 1 && <Curve effect={effect} />}
      {appears.length > 0 && (
        <p class="hint">
          Where it was: {appears.map(([name, share]) => `${name} ${percent(share)}`).join(", ")}.{" "}
          {percent(bordering(effect))} of it becomes what bordered it.
        </p>
      )}
      {strip && <Strip effect={effect} source={strip} />}
    </div>
  );
}
