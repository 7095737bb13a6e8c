import { useEffect, useState } from "preact/hooks";
import { api, isOffline, type JobInfo, type Problem, problemOf } from "../api/client";
import { Store } from "../engine/store";

const INTERVAL = 120;

export const isActive = (job: JobInfo | null): boolean =>
  job?.state === "waiting" || job?.state === "running";

/** Long work of one kind: starts a job, follows it to its end, stops it. */
export class Follower {
  readonly store = new Store<{ job: JobInfo | null; problem: Problem | null }>({ job: null, problem: null });
  /** Which job is followed: whoever follows an older one ends. */
  private turn = 0;

  get active(): boolean {
    return isActive(this.store.get().job);
  }

  /** What a job came to; null where it was dropped, or could not be started or followed. */
  async follow(
    start: () => Promise<JobInfo>,
    onStep: (job: JobInfo) => unknown = () => undefined,
  ): Promise<JobInfo | null> {
    this.turn += 1;
    const mine = this.turn;
    this.store.set({ problem: null });
    try {
      for (let job = await start(); mine === this.turn; job = await this.again(job)) {
        this.store.set({ job, problem: (job.state === "failed" && job.error) || null });
        await onStep(job);
        if (!isActive(job)) return job;
      }
    } catch (error) {
      if (mine === this.turn) this.store.set({ job: null, problem: problemOf(error) });
    }
    return null;
  }

  /** Go on with a job that runs already; with `recall`, show the last one that has ended well. */
  async pickUp(belongs: (job: JobInfo) => boolean, recall = false): Promise<JobInfo | null> {
    const { turn } = this;
    const jobs = await api.jobs().then(
      (all) => all.jobs.filter(belongs),
      () => [],
    );
    const found =
      jobs.find(isActive) ?? (recall ? jobs.findLast(({ state }) => state === "done") : undefined);
    return found && turn === this.turn ? this.follow(() => api.job(found.id)) : null;
  }

  /** Ask the job to stop; whoever follows it does so until it has. */
  async stop(): Promise<void> {
    const { job } = this.store.get();
    if (!job || !isActive(job)) return;
    try {
      this.store.set({ job: await api.cancelJob(job.id) });
    } catch (error) {
      this.store.set({ problem: problemOf(error) });
    }
  }

  /** Follow it no more; it goes on by itself. */
  forget(): void {
    this.turn += 1;
  }

  /** Nothing of this kind is of interest any more. */
  drop(): void {
    void this.stop();
    this.forget();
    this.store.set({ job: null, problem: null });
  }

  private async again(job: JobInfo): Promise<JobInfo> {
    await new Promise((done) => setTimeout(done, INTERVAL));
    try {
      return await api.job(job.id);
    } catch (error) {
      if (isOffline(error)) return job;
      throw error;
    }
  }
}

/** Long work that a part of a page starts, or finds under way when it is shown. */
export function useFollower(
  belongs: (job: JobInfo) => boolean,
  onDone: () => void = () => undefined,
  recall = false,
): { follower: Follower; start: (request: () => Promise<JobInfo>) => void } {
  const [follower] = useState(() => new Follower());
  const ended = (job: JobInfo | null) => job?.state === "done" && onDone();
  useEffect(() => {
    void follower.pickUp(belongs, recall).then(ended);
    return () => follower.forget();
  }, []);
  return { follower, start: (request) => void follower.follow(request).then(ended) };
}
