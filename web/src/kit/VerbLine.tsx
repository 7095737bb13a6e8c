import { useRef } from "preact/hooks";
import { lineOf, type Requests } from "../api/lines";
import { CommandLine } from "./CommandLine";
import { useLoaded, useRested } from "./hooks";

const REST = 120;

/** The line that would do what is asked for; the one before stays until the studio has written it. */
export function VerbLine<Verb extends keyof Requests>(props: { verb: Verb; request: Requests[Verb] }) {
  const { verb } = props;
  const body = JSON.stringify(props.request);
  const rested = useRested(body, REST);
  const { value, problem } = useLoaded(`${verb} ${rested}`, () => lineOf(verb, JSON.parse(rested)));
  const last = useRef("");
  if (value !== null) last.current = value;
  if (problem || !last.current) return null;
  return <CommandLine line={last.current} busy={value === null || rested !== body} />;
}
