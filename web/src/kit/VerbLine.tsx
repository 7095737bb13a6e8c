import { useRef } from "preact/hooks";
import { lineOf, type Requests } from "../api/lines";
import { Button } from "./controls";
import { useLoaded, useRested } from "./hooks";
import { copy } from "./messages";

const REST = 120;

/** The line that would do what is asked for in a terminal; the one before stays until the studio has written it. */
export function VerbLine<Verb extends keyof Requests>(props: { verb: Verb; request: Requests[Verb] }) {
  const { verb } = props;
  const body = JSON.stringify(props.request);
  const rested = useRested(body, REST);
  const { value, problem } = useLoaded(`${verb} ${rested}`, () => lineOf(verb, JSON.parse(rested)));
  const line = useRef("");
  if (value !== null) line.current = value;
  if (problem || !line.current) return null;
  return (
    <div class="command-line" aria-busy={value === null || rested !== body}>
      <code>{line.current}</code>
      <Button
        kind="icon"
        icon="copy"
        label="Copy the command line"
        onClick={() => void copy(line.current, "Command line")}
      />
    </div>
  );
}
