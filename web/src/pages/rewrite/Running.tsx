import { timeLeft } from "../../engine/numbers";
import { Button } from "../../kit/controls";
import { useStore } from "../../kit/hooks";
import { isActive, stop } from "./follow";
import { type Kind, rewrite } from "./state";

/** How far long work of a kind is and a way to stop it; or why it failed. */
export function Running({ kind, what, quiet = false }: { kind: Kind; what: string; quiet?: boolean }) {
  const { jobs, problems } = useStore(rewrite, "jobs", "problems");
  const job = jobs[kind];
  const problem = problems[kind];
  if (problem)
    return (
      <p class="problem" role="alert" data-testid={`problem-${kind}`}>
        {problem.title}: {problem.detail} {problem.hint}
      </p>
    );
  if (!job || !isActive(job)) return null;
  const { progress } = job;
  const share = progress?.total ? progress.done / progress.total : undefined;
  const amount = progress?.total ? `${progress.done} of ${progress.total} ${progress.unit}` : "";
  const left = timeLeft(progress?.seconds_left);
  return (
    <div class={`running ${quiet ? "quiet" : ""}`} data-testid={`running-${kind}`}>
      <p role="status">
        <b>{job.state === "waiting" ? "Waiting for other work" : (progress?.name ?? what)}</b>
        <span>{[amount, left].filter(Boolean).join(" · ")}</span>
      </p>
      <progress value={share} max={1} aria-label={what} />
      <Button
        kind="icon"
        icon="stop"
        label={`Stop: ${what}`}
        testid={`stop-${kind}`}
        onClick={() => void stop(kind)}
      />
    </div>
  );
}
