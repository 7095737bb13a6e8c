import { useEffect } from "preact/hooks";
import type { NextWord } from "../../api/facts";
import type { components } from "../../api/types";
import { activeOf } from "../../engine/editStack";
import { percent } from "../../engine/numbers";
import { JobProgress, useRested, useStore } from "../../kit";
import { compare } from "./actions";
import { facts, jobs } from "./state";

type Comparison = components["schemas"]["FactComparisonResult"];
type Row = Comparison["prompts"][number];

const REST = 500;

function Words({ words }: { words: readonly NextWord[] }) {
  return (
    <>
      {words.map(({ text, probability }, index) => (
        <span key={text} class={index === 0 ? "first" : ""}>
          {text.trim() || "␣"} <small>{percent(probability)}</small>
        </span>
      ))}
    </>
  );
}

function Rows({ title, rows }: { title: string; rows: readonly Row[] }) {
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th colSpan={3} scope="rowgroup">
          {title}
        </th>
      </tr>
      {rows.map(({ prompt, before, after }) => {
        const changed = before[0]?.text !== after[0]?.text;
        return (
          <tr key={prompt} class={changed ? "changed" : ""} data-testid="compared">
            <th scope="row">{prompt} …</th>
            <td data-side="Before">
              <Words words={before} />
            </td>
            <td data-side="After">
              <Words words={after} />
            </td>
          </tr>
        );
      })}
    </tbody>
  );
}

/** What it writes behind the prompt. */
function Texts({ prompt, before, after }: { prompt: string } & Pick<Comparison, "before" | "after">) {
  const sides = [
    { name: "Before", text: before },
    { name: "After", text: after },
  ] as const;
  return (
    <div class="facts-texts">
      {sides.map(({ name, text }) => (
        <div key={name} data-testid={`text-${name.toLowerCase()}`} aria-busy={text === null}>
          <h3>{name}</h3>
          <p>
            <span class="hint">{prompt}</span>
            {text ?? " …"}
          </p>
        </div>
      ))}
    </div>
  );
}

/** Before and after side by side: the next words on all prompts, and text that goes on from the first. */
export function ComparePanel({ prompt }: { prompt: string }) {
  const { stack, fact } = useStore(facts);
  const { job } = useStore(jobs.compare.store);
  const edit = useStore(jobs.edit.store);
  const near = (fact?.neighbours ?? []).map((one) => one.prompt);
  const others = [...(fact?.paraphrases ?? []), ...near];
  const on = activeOf(stack);
  const asked = on.length > 0 && prompt ? JSON.stringify({ prompt, others, on }) : "";
  const rested = useRested(asked, REST);
  const making = edit.starting || edit.job?.state === "running" || edit.job?.state === "waiting";
  useEffect(() => {
    if (!making) void (rested ? compare(prompt, others) : jobs.compare.stop());
  }, [rested, making]);
  const found = job?.result?.kind === "fact-comparison" ? job.result : null;
  const rows = found?.prompts ?? [];
  return (
    <section class="panel facts-compare" aria-labelledby="compare-title" data-testid="comparison">
      <h2 id="compare-title">Before and after</h2>
      {on.length === 0 && (
        <p class="hint">Make an edit, or switch one on, to see what the model says without it and with it.</p>
      )}
      {on.length > 0 && found && (
        <>
          <table>
            <thead>
              <tr>
                <th scope="col">Prompt</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
              </tr>
            </thead>
            <Rows title="The fact" rows={rows.slice(0, 1)} />
            <Rows
              title="Paraphrases"
              rows={rows.slice(1).filter((row) => fact?.paraphrases.includes(row.prompt))}
            />
            <Rows title="Neighbours" rows={rows.slice(1).filter((row) => near.includes(row.prompt))} />
          </table>
          <Texts prompt={rows[0]?.prompt ?? ""} before={found.before ?? null} after={found.after ?? null} />
        </>
      )}
      <JobProgress follower={jobs.compare} kind="fact-comparison" what="Asking the model" quiet />
    </section>
  );
}
