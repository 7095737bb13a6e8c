import { api, type JobInfo, problemOf } from "../../api/client";
import { type Kind, rewrite } from "./state";

const POLL = 90;
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

export const isActive = (job: JobInfo | null): boolean =>
  job?.state === "waiting" || job?.state === "running";

const put = (kind: Kind, job: JobInfo | null) =>
  rewrite.set({ jobs: { ...rewrite.get().jobs, [kind]: job } });
const blame = (kind: Kind, error: unknown) =>
  rewrite.set({ problems: { ...rewrite.get().problems, [kind]: error === null ? null : problemOf(error) } });

/** Start a job of a kind and follow it to its end; its result, or null where there is none. */
export async function follow(
  kind: Kind,
  start: () => Promise<JobInfo>,
  onStep: (job: JobInfo) => void = () => undefined,
): Promise<JobInfo | null> {
  blame(kind, null);
  try {
    let job = await start();
    put(kind, job);
    while (isActive(job)) {
      await pause(POLL);
      if (rewrite.get().jobs[kind]?.id !== job.id) return null;
      job = await api.job(job.id);
      put(kind, job);
      onStep(job);
    }
    if (job.state === "failed" && job.error)
      rewrite.set({ problems: { ...rewrite.get().problems, [kind]: job.error } });
    return job;
  } catch (error) {
    put(kind, null);
    blame(kind, error);
    return null;
  }
}

/** Ask a job to stop; the page follows it until it has. */
export async function stop(kind: Kind): Promise<void> {
  const job = rewrite.get().jobs[kind];
  if (!isActive(job) || !job) return;
  try {
    put(kind, await api.cancelJob(job.id));
  } catch (error) {
    blame(kind, error);
  }
}

/** Nothing of this kind is of interest any more. */
export function drop(kind: Kind): void {
  void stop(kind);
  rewrite.set({
    jobs: { ...rewrite.get().jobs, [kind]: null },
    problems: { ...rewrite.get().problems, [kind]: null },
  });
}
