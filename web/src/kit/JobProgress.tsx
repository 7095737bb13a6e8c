import { timeLeft } from "../engine/numbers";
import { Button, Trouble } from "./controls";
import { useStore } from "./hooks";
import { type Follower, isActive } from "./jobs";

interface Props {
  readonly follower: Follower;
  /** What it is, in a word or two. */
  readonly what: string;
  /** Tells its parts apart where a page has several. */
  readonly kind?: string;
  readonly quiet?: boolean;
}

/** How far long work is, how long it still takes, and a way to stop it; or why it failed. */
export function JobProgress({ follower, what, kind = "job", quiet = false }: Props) {
  const { job, problem } = useStore(follower.store);
  if (problem) return <Trouble problem={problem} testid={`problem-${kind}`} />;
  if (!job || !isActive(job)) return null;
  const { progress } = job;
  const of = progress?.total ? ` of ${progress.total}` : "";
  const amount = progress ? `${progress.done}${of} ${progress.unit}` : "";
  return (
    <div class={`running ${quiet ? "quiet" : ""}`} data-testid={kind === "job" ? kind : `running-${kind}`}>
      <p role="status">
        <b>{job.state === "waiting" ? "Waiting for another job" : (progress?.name ?? what)}</b>
        <span>{[amount, timeLeft(progress?.seconds_left)].filter(Boolean).join(" · ")}</span>
      </p>
      <progress
        value={progress?.total ? progress.done / progress.total : undefined}
        max={1}
        aria-label={what}
      />
      <Button
        kind="icon"
        icon="stop"
        label={`Stop: ${what}`}
        testid={kind === "job" ? "job-cancel" : `stop-${kind}`}
        onClick={() => void follower.stop()}
      />
    </div>
  );
}
