import type { JobInfo } from "../api/client";
import { timeLeft } from "../engine/numbers";
import { Button } from "./controls";

/** How far long work is, how long it still takes, and a way to stop it. */
export function JobProgress({ job, onCancel }: { job: JobInfo; onCancel: () => void }) {
  const { progress } = job;
  const share = progress?.total ? progress.done / progress.total : null;
  const waiting = job.state === "waiting";
  const amount = progress
    ? `${progress.done}${progress.total ? ` of ${progress.total}` : ""} ${progress.unit}`
    : "";
  return (
    <div class="job" data-testid="job">
      <p role="status">
        <b>{waiting ? "Waiting for other work" : (progress?.name ?? "Starting")}</b>
        <span>
          {amount} {timeLeft(progress?.seconds_left) && `· ${timeLeft(progress?.seconds_left)}`}
        </span>
      </p>
      <progress value={share ?? undefined} max={1} aria-label={job.name} />
      <Button label="Stop" icon="close" testid="job-cancel" onClick={onCancel} />
    </div>
  );
}
