import type { components } from "../../api/types";
import { activeOf, editsOf } from "../../engine/editStack";
import { Button, isActive, JobProgress, useStore, VerbLine } from "../../kit";
import { judge, judgementOf, saveJudged } from "./actions";
import { facts, jobs } from "./state";

type Figure = components["schemas"]["Figure"];
type Judged = components["schemas"]["JudgementResult"];

const TITLES: Readonly<Record<string, string>> = {
  efficacy: "Efficacy",
  paraphrase: "Paraphrase",
  neighbourhood: "Neighbourhood",
  score: "Score",
};
const ABOUT: Readonly<Record<string, string>> = {
  efficacy: "the new object is more probable than the true one",
  paraphrase: "the same, in other words",
  neighbourhood: "neighbours still have their own object",
  score: "harmonic mean of the three",
};

function Share(props: { side: string; figure: Figure | null; facts: number }) {
  const { side, figure, facts } = props;
  if (!figure) return <td data-side={side}>–</td>;
  const { mean, low, high } = figure;
  return (
    <td data-side={side}>
      <b>{mean.toFixed(3)}</b>{" "}
      {facts > 1 && (
        <small>
          {low.toFixed(3)} to {high.toFixed(3)}
        </small>
      )}
    </td>
  );
}

function Table({ judged }: { judged: Judged }) {
  const many = judged.facts > 1;
  const missed = judged.missed > 0 ? ` ${judged.missed} left out that the model does not hold.` : "";
  return (
    <>
      <table data-testid="judged">
        <thead>
          <tr>
            <th scope="col">Share of prompts</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {judged.rows.map(({ name, before, after }) => (
            <tr key={name}>
              <th scope="row">
                {TITLES[name] ?? name} <small>{ABOUT[name]}</small>
              </th>
              <Share side="Before" figure={before} facts={judged.facts} />
              <Share side="After" figure={after} facts={judged.facts} />
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        {many ? `${judged.facts} facts; 95 % intervals when facts are drawn anew.` : "One fact."}
        {missed}
      </p>
    </>
  );
}

/** How the edits that are on did at the facts that they changed. */
export function JudgePanel() {
  const { stack, infos, fact, shipped, judged, model } = useStore(facts);
  const { job } = useStore(jobs.judge.store);
  const on = activeOf(stack);
  const current = judged === JSON.stringify(judgementOf(stack, fact));
  const found = current && job?.state === "done" && job.result?.kind === "fact-judge" ? job.result : null;
  const typed = on.flatMap(({ rule }) => infos[rule]?.fact ?? []);
  const here = ({ prompt, subject }: { prompt: string; subject: string }) =>
    prompt === fact?.prompt && subject === fact.subject;
  const ships = typed.every((one) => here(one) && shipped);
  return (
    <section class="panel facts-compare" aria-labelledby="judge-title">
      <h2 id="judge-title">Judge</h2>
      {!isActive(job) && (
        <div class="row">
          <Button
            icon="flask"
            label="Judge the edits"
            testid="facts-judge"
            disabled={on.length === 0}
            onClick={() => void judge()}
          />
          {on.length === 0 && <p class="hint">No edit is on.</p>}
        </div>
      )}
      <JobProgress follower={jobs.judge} kind="fact-judge" what="Judging" />
      {found && <Table judged={found} />}
      {model && on.length > 0 && (
        <>
          <VerbLine
            verb="fact-judge"
            request={{
              model: model.argument,
              facts: ships ? "shipped" : "facts.json",
              edit: editsOf(stack),
              length: 0,
            }}
          />
          {!ships && (
            <div class="row">
              <Button
                label="Save the facts"
                icon="download"
                testid="save-facts"
                onClick={() => void saveJudged()}
              />
              <p class="hint">The line reads them from facts.json.</p>
            </div>
          )}
        </>
      )}
    </section>
  );
}
