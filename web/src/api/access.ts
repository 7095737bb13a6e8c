import { Store } from "../engine/store";

/** Whether the studio still knows this tab: one that was started again has another token. */
export const access = new Store<{ locked: boolean }>({ locked: false });

/** Ask the studio, whatever is known so far. */
export async function probe(): Promise<"open" | "locked" | "away"> {
  try {
    const { ok, status } = await fetch("api/studio", { cache: "no-store" });
    return status === 401 ? "locked" : ok ? "open" : "away";
  } catch {
    return "away";
  }
}
