import { emptyMask } from "../../engine/mask";
import { type Role, withPlace } from "../../engine/rule";
import { Button, isActive, JobProgress, Select, useStore } from "../../kit";
import { drawMask, inksOf } from "./drawing";
import { jobs } from "./jobs";
import { rewrite, tools } from "./state";
import { Tray, TrayItem } from "./Tray";
import { apply } from "./work";

const AMONG = [
  { value: "1000", label: "1000 pictures" },
  { value: "10000", label: "10 000 pictures" },
] as const;

/** The places marked as one thing, to be taken away by a click. */
function Places({ what, of }: { what: Role; of: string }) {
  const { rule } = useStore(rewrite);
  return (
    <Tray label={what === "context" ? "Context" : "Protected"} testid={`${what}-tray`}>
      {rule[what].map(({ seed, mask }) => (
        <TrayItem
          key={seed}
          seed={seed}
          label={`Remove picture ${seed} from ${of}`}
          testid={`${what}-${seed}`}
          version={mask}
          over={(to, side, _, canvas) => drawMask(to, mask, side, inksOf(canvas)[what])}
          onForget={() => apply((state) => withPlace(state, what, seed, emptyMask(mask.size)))}
        />
      ))}
    </Tray>
  );
}

/** Where the rule holds, and what must stay. */
export function ContextPanel() {
  const { rule, marks } = useStore(rewrite);
  const { job } = useStore(jobs.search.store);
  const { among } = useStore(tools);
  const { context } = rule;
  return (
    <section class="panel draft" aria-labelledby="context-title">
      <header>
        <h2 id="context-title">
          <span class="swatch context" /> Context
        </h2>
        {context.length > 0 && (
          <Button kind="icon" icon="trash" label="Clear context and goal" action="reset" />
        )}
      </header>
      {context.length === 0 ? (
        <p class="hint">What is the rule about? Brush over it in any picture.</p>
      ) : (
        <Places what="context" of="the context" />
      )}
      <div class="row">
        <Button
          label={marks ? "Hide matches" : "Show matches"}
          icon="eye"
          action="matches"
          pressed={marks !== null}
          disabled={context.length === 0 || isActive(job)}
        />
        <Select
          label="Search among"
          value={among === 10000 ? "10000" : "1000"}
          choices={AMONG}
          testid="among"
          onChange={(count) => tools.set({ among: Number(count) })}
        />
      </div>
      <JobProgress follower={jobs.search} kind="search" what="Search" />
      {rule.protect.length > 0 && (
        <>
          <h3>
            <span class="swatch protect" /> Protected
          </h3>
          <Places what="protect" of="what is protected" />
        </>
      )}
    </section>
  );
}
