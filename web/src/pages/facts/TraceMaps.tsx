import { useState } from "preact/hooks";
import type { components } from "../../api/types";
import { peakOf } from "./marking";

export type Trace = components["schemas"]["TraceResult"];
type Kind = "hidden" | "mlp" | "attention";

const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

interface Props {
  readonly trace: Trace;
  readonly kind: Kind;
  readonly title: string;
  readonly about: string;
}

/** One map: a row for each token, a column for each layer, the darker the more of the answer comes back. */
function TraceMap({ trace, kind, title, about }: Props) {
  const values = trace.effect[kind];
  const peak = peakOf(values);
  const [pointed, setPointed] = useState<{ token: number; layer: number } | null>(null);
  const at = pointed ?? peak;
  const layers = values[0]?.length ?? 0;
  const named = (token: number) => trace.tokens[token]?.trim() || "␣";
  const said = `${named(at.token)}, layer ${at.layer}: ${signed(values[at.token]?.[at.layer] ?? 0)}`;
  const point = (event: Event) => {
    const cell = event.target instanceof HTMLElement ? event.target.dataset : {};
    if (cell.layer) setPointed({ token: Number(cell.token), layer: Number(cell.layer) });
  };
  return (
    <section class="panel trace-map" aria-label={title}>
      <h2>
        {title} <small>{about}</small>
      </h2>
      <div
        class={`trace-grid ${kind}`}
        style={{ "--layers": layers }}
        role="img"
        aria-label={`${title}: most at ${named(peak.token)} in layer ${peak.layer}, ${signed(peak.value)}`}
        data-testid={`map-${kind}`}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setPointed(null)}
      >
        {values.map((row, token) => {
          const inside = trace.subject[0] <= token && token <= trace.subject[1];
          return (
            <>
              <b key={`${token}`} class={inside ? "subject" : ""}>
                {named(token)}
              </b>
              {row.map((value, layer) => (
                <i
                  key={`${token} ${layer}`}
                  data-token={token}
                  data-layer={layer}
                  class={at.token === token && at.layer === layer ? "at" : ""}
                  style={{ "--share": Math.max(0, value) / Math.max(1e-9, peak.value) }}
                />
              ))}
            </>
          );
        })}
        <b />
        {Array.from({ length: layers }, (_, layer) => (
          <small key={layer}>{layer % 5 === 0 ? layer : ""}</small>
        ))}
      </div>
      <output class="hint" data-testid={`number-${kind}`}>
        {pointed ? said : `Most at ${said}`}
      </output>
    </section>
  );
}

/** What was found: the answer with and without the subject, and the three maps. */
export function TraceMaps({ trace }: { trace: Trace }) {
  const { window } = trace;
  return (
    <>
      <p data-testid="traced">
        The probability of <b>{trace.answer.trim()}</b> is {trace.clean.toFixed(3)}. With noise on the subject
        it is {trace.corrupted.toFixed(3)}. The maps show how much of it comes back when one part of the
        undisturbed run is put back.
      </p>
      {trace.said !== trace.answer && (
        <p class="hint">The model itself says “{trace.said.trim()}”: it does not hold this fact.</p>
      )}
      <TraceMap trace={trace} kind="hidden" title="Hidden states" about="one token, one layer" />
      <TraceMap trace={trace} kind="mlp" title="MLPs" about={`one token, ${window} layers`} />
      <TraceMap trace={trace} kind="attention" title="Attention" about={`one token, ${window} layers`} />
    </>
  );
}
