import { useEffect, useState } from "preact/hooks";
import { api, isMissing, isOffline, type JobInfo, type Problem, problemOf } from "../api/client";
import { Store } from "../engine/store";

const INTERVAL = 120;

export const isActive = (job: JobInfo | null): boolean =>
  job?.state === "waiting" || job?.state === "running";

/** Long work of one kind: starts a job, follows it to its end, stops it. */
export class Follower {
  readonly store = new Store<{
    job: JobInfo | null;
    problem: Problem | null;
    /** Whether a job was asked for and the studio has not answered yet. */
    starting: boolean;
  }>({ job: null, problem: null, starting: false });
  /** Which job is followed: whoever follows an older one ends. */
  private turn = 0;
  /** What asking a job to stop is answered: one that had ended by then is off the studio's list. */
  private stopped: Promise<JobInfo | null> = Promise.resolve(null);

  get active(): boolean {
    const { job, starting } = this.store.get();
    return starting || isActive(job);
  }

  /** What a job came to; null where it was dropped, or could not be started or followed. */
  async follow(
    start: () => Promise<JobInfo>,
    onStep: (job: JobInfo) => unknown = () => undefined,
  ): Promise<JobInfo | null> {
    this.turn += 1;
    const mine = this.turn;
    const former = isActive(this.store.get().job) ? { job: null } : {}; // another one is followed, and stopped, now
    this.store.set({ ...former, problem: null, starting: true });
    try {
      for (let job = await start(); mine === this.turn; job = await this.again(job)) {
        this.store.set({ job, problem: (job.state === "failed" && job.error) || null, starting: false });
        const told = await this.tell(job, onStep);
        if (told && !isActive(job)) return mine === this.turn ? job : null;
      }
    } catch (error) {
      if (mine === this.turn) this.store.set({ job: null, problem: problemOf(error), starting: false });
    }
    return null;
  }

  /** Whether it could be told: what asks the studio for more waits until it answers. */
  private async tell(job: JobInfo, onStep: (job: JobInfo) => unknown): Promise<boolean> {
    try {
      await onStep(job);
      return true;
    } catch (error) {
      if (isOffline(error)) return false;
      throw error;
    }
  }

  /** Go on with a job that runs already, or show the last one that has ended well. */
  async pickUp(belongs: (job: JobInfo) => boolean): Promise<JobInfo | null> {
    const { turn } = this;
    const jobs = await api.jobs().then(
      (all) => all.jobs.filter(belongs),
      () => [],
    );
    const found = jobs.find(isActive) ?? jobs.findLast(({ state }) => state === "done");
    return found && turn === this.turn ? this.follow(() => api.job(found.id)) : null;
  }

  /** Ask the job to stop; whoever follows it does so until it has. */
  async stop(): Promise<void> {
    const { job } = this.store.get();
    if (!job || !isActive(job)) return;
    this.stopped = api.cancelJob(job.id).catch((error: unknown) => {
      if (this.store.get().job?.id === job.id && this.active) this.store.set({ problem: problemOf(error) });
      return null;
    });
    await this.stopped;
  }

  /** Follow it no more; it goes on by itself. */
  forget(): void {
    this.turn += 1;
  }

  /** Nothing of this kind is of interest any more. */
  drop(): void {
    void this.stop();
    this.forget();
    this.store.set({ job: null, problem: null, starting: false });
  }

  private async again(job: JobInfo): Promise<JobInfo> {
    await new Promise((done) => setTimeout(done, INTERVAL));
    try {
      return await api.job(job.id);
    } catch (error) {
      if (isOffline(error)) return job;
      const ended = isMissing(error) ? await this.stopped : null;
      if (ended?.id === job.id) return ended;
      throw error;
    }
  }
}

/**
 * Long work that a part of a page starts, or finds when it is shown: under way, or ended since the page asked for what
 * it comes to.
 */
export function useFollower(
  belongs: (job: JobInfo) => boolean,
  onDone: () => void = () => undefined,
): { follower: Follower; start: (request: () => Promise<JobInfo>) => void } {
  const [follower] = useState(() => new Follower());
  const ended = (job: JobInfo | null) => job?.state === "done" && onDone();
  useEffect(() => {
    void follower.pickUp(belongs).then(ended);
    return () => follower.forget();
  }, []);
  return { follower, start: (request) => void follower.follow(request).then(ended) };
}
