import { useEffect } from "preact/hooks";
import { Notice, useStore } from "../../kit";
import { rewrite, tools } from "./state";
import { Tile } from "./Tile";
import { drawWall, wall } from "./wall";

/** The pictures that a rule is made in, and looked at in. */
export function Wall() {
  const { seeds, problem } = useStore(rewrite);
  const { drawn, busy, milliseconds } = useStore(wall);
  const { original, peek, tool, hand } = useStore(tools);
  useEffect(() => drawWall(), []); // again, where that failed
  if (problem) return <Notice {...problem} />;
  return (
    <div class="wall-frame">
      <ul
        class={`wall tool-${tool} ${hand ? "by-hand" : ""}`}
        aria-label="Pictures"
        data-testid="wall"
        data-drawn={drawn}
        data-busy={String(busy)}
        data-milliseconds={Math.round(milliseconds)}
        data-original={String(original || peek)}
      >
        {seeds.map((seed) => (
          <Tile key={seed} seed={seed} />
        ))}
      </ul>
      {(original || peek) && <span class="badge">Original</span>}
    </div>
  );
}
