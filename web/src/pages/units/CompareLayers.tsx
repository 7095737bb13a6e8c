import { type Bar, bars, compareBars, rowsOf } from "../../engine/catalogue";
import { conceptColour, Notice, reportOf, useLoaded } from "../../kit";

/** The concepts of two layers beside each other. */
export function CompareLayers(props: { model: string; layer: string; other: string; shown: readonly Bar[] }) {
  const { model, layer, other, shown } = props;
  const { value, problem } = useLoaded(`${model}/${other}`, () => reportOf(model, other));
  if (problem) return <Notice {...problem} />;
  if (!value) return <p class="hint">Loading {other}…</p>;
  if (!value.dissected)
    return <Notice title={`${other} has not been dissected`} detail="Choose it above to do so." />;
  const rows = compareBars(shown, bars(rowsOf(value)));
  const most = Math.max(1, ...rows.flatMap((row) => [row.a, row.b]));
  return (
    <table class="compare-table" data-testid="compare-layers">
      <thead>
        <tr>
          <th scope="col">{layer}</th>
          <th scope="col">Concept</th>
          <th scope="col">{other}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.concept}>
            <td class="left">
              <span>{row.a}</span>
              <i style={{ width: `${(100 * row.a) / most}%`, background: conceptColour(row.concept) }} />
            </td>
            <th scope="row">{row.concept}</th>
            <td>
              <i style={{ width: `${(100 * row.b) / most}%`, background: conceptColour(row.concept) }} />
              <span>{row.b}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
