import { islandLabel, islandMask } from "../../engine/influence";
import { percent } from "../../engine/numbers";
import { useStore } from "../../kit";
import { easel } from "./work";

/** What the strokes influence, island by island; each can be dropped, so that the photo stays as it was there. */
export function InfluencePanel() {
  const { influence, layer } = useStore(easel.paint);
  if (!influence || influence.islands.length === 0) return null;
  const show = (number: number | null) => () => {
    const highlighted =
      number === null
        ? null
        : {
            id: "",
            brush: { layer, concept: null, units: [], top: 1 },
            mode: "drop" as const,
            strength: 1,
            mask: islandMask(influence, number),
          };
    easel.paint.set({ highlighted });
  };
  return (
    <section class="panel influence-panel" aria-label="Influence">
      <h2>
        Influence <small data-testid="influence-area">{percent(influence.area, 1)} of the square</small>
      </h2>
      <ul>
        {influence.islands.map((island, index) => (
          <li key={island.number} onMouseEnter={show(island.number)} onMouseLeave={show(null)}>
            <label class="check">
              <input
                type="checkbox"
                data-testid={`island-${island.number}`}
                checked={island.dropped.length === 0}
                onChange={(event) => easel.painter.setDropped(island.number, !event.currentTarget.checked)}
                onFocus={show(island.number)}
                onBlur={show(null)}
              />
              <span>{islandLabel(island, index)}</span>
            </label>
          </li>
        ))}
      </ul>
      <p class="hint">All other pixels stay the same bit for bit.</p>
    </section>
  );
}
