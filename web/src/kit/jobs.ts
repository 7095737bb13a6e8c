import { useState } from "preact/hooks";
import { api, type JobInfo, type Problem, problemOf } from "../api/client";
import { useInterval } from "./hooks";

export const isActive = (job: JobInfo | null): boolean =>
  job?.state === "waiting" || job?.state === "running";

export interface JobHandle {
  readonly job: JobInfo | null;
  readonly problem: Problem | null;
  readonly start: (request: () => Promise<JobInfo>) => void;
  readonly cancel: () => void;
}

/**
 * Start a job and follow it until it has ended. One that somebody else started, or that ran when the page was loaded
 * again, is picked up by what `belongs` recognises; with `recall` also the last one that has ended well.
 */
export function useJob(
  belongs: (job: JobInfo) => boolean,
  onDone: (job: JobInfo) => void,
  recall = false,
): JobHandle {
  const [job, setJob] = useState<JobInfo | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [looked, setLooked] = useState(false);
  const mine = job !== null && belongs(job) ? job : null;
  const fail = (error: unknown) => setProblem(problemOf(error));
  const take = (next: JobInfo) => {
    setJob(next);
    if (next.state === "failed") setProblem(next.error ?? null);
    if (next.state === "done") onDone(next);
  };
  useInterval(
    () => {
      if (mine && isActive(mine)) void api.job(mine.id).then(take, fail);
      else if (!looked) {
        setLooked(true);
        const pick = ({ jobs }: { jobs: JobInfo[] }) => {
          const mine = jobs.filter(belongs);
          const active = mine.find(isActive);
          const last = recall ? mine.findLast((one) => one.state === "done") : undefined;
          if (active) setJob(active);
          else if (last) void api.job(last.id).then(setJob, () => undefined);
        };
        void api.jobs().then(pick, () => undefined);
      }
    },
    isActive(mine) || !looked ? 500 : null,
  );
  return {
    job: mine,
    problem,
    start: (request) => {
      setProblem(null);
      void request().then(take, fail);
    },
    cancel: () => mine && void api.cancelJob(mine.id).then(take, fail),
  };
}
