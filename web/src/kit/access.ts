import { access, probe } from "../api/access";
import { studio, type Work } from "./page";

const TURNS = 20;
let trying = false;

/** The token may have come into the browser meanwhile: keep what waits here, then load everything anew. */
async function tryAgain(): Promise<void> {
  if (trying || !access.get().locked || document.visibilityState !== "visible") return;
  trying = true;
  if ((await probe()) === "open") {
    access.set({ locked: false });
    const works = studio.pages.flatMap((page) => page.work ?? []);
    const isKept = ({ store }: Work) => ["saved", "new"].includes(store.get().save);
    for (let turn = 0; turn < TURNS && !works.every(isKept); turn += 1)
      await Promise.all(works.map((work) => work.retry()));
    if (works.every(isKept)) location.reload();
  }
  trying = false;
}

/** Where the studio was started again, this tab goes on as soon as the new address was opened in this browser. */
export function startAccess(): void {
  // Tabs of this browser at this address; no other page can listen here or speak.
  const tabs = new BroadcastChannel("inscape");
  tabs.postMessage("opened");
  tabs.onmessage = () => void tryAgain();
  document.addEventListener("visibilitychange", () => void tryAgain());
  window.addEventListener("focus", () => void tryAgain());
}
