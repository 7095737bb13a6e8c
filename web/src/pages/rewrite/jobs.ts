import { Follower } from "../../kit";

/** The long work of the page, one of each kind at a time. */
export const jobs = {
  rule: new Follower(),
  search: new Follower(),
  audit: new Follower(),
  advice: new Follower(),
  keys: new Follower(),
};

/** Give up what was asked for first; the work in the background goes on. False where nothing is under way. */
export function stopFirst(): boolean {
  const { keys: _, ...asked } = jobs;
  const first = Object.values(asked).find((one) => one.active);
  void first?.stop();
  return first !== undefined;
}
