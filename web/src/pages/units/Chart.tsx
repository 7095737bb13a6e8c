import type { Bar } from "../../engine/catalogue";
import { conceptColour } from "../../kit";

interface ChartProps {
  readonly bars: readonly Bar[];
  readonly chosen: string;
  readonly onChoose: (concept: string) => void;
}

const ROW = 30;
const LETTER = 6.8;
const WIDTH = 320;

/** How many units match each concept; a bar filters the catalogue. */
export function Chart({ bars, chosen, onChoose }: ChartProps) {
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  const longest = Math.max(0, ...bars.map((bar) => bar.concept.length));
  const left = Math.min(WIDTH / 2, Math.max(92, 14 + LETTER * longest));
  const height = bars.length * ROW;
  return (
    <div class="chart" data-testid="chart">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} width="100%" aria-hidden="true" focusable="false">
        {bars.map((bar, index) => {
          const width = Math.max(3, ((WIDTH - left - 40) * bar.count) / most);
          const faint = chosen !== "" && chosen !== bar.concept;
          return (
            <g key={bar.concept} transform={`translate(0 ${index * ROW})`} opacity={faint ? 0.35 : 1}>
              <text x={left - 10} y={ROW / 2} class="bar-name">
                {bar.concept}
              </text>
              <rect x={left} y={6} width={width} height={ROW - 12} rx={5} fill={conceptColour(bar.concept)} />
              <text x={left + width + 8} y={ROW / 2} class="bar-count">
                {bar.count}
              </text>
            </g>
          );
        })}
      </svg>
      <div class="chart-buttons">
        {bars.map((bar) => (
          <button
            type="button"
            key={bar.concept}
            data-testid={`bar-${bar.concept}`}
            aria-pressed={bar.concept === chosen}
            aria-label={`${bar.concept}: ${bar.count} ${bar.count === 1 ? "unit" : "units"}`}
            onClick={() => onChoose(bar.concept === chosen ? "" : bar.concept)}
          />
        ))}
      </div>
    </div>
  );
}
