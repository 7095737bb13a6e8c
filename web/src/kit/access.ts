import { access, probe } from "../api/access";
import { easel } from "../pages/paint/session";
import { easel as photoEasel } from "../pages/photo/work";
import { rewrite } from "../pages/rewrite/state";
import { save } from "../pages/rewrite/work";

/** Tabs of this browser at this address; no other page can listen here or speak. */
const tabs = new BroadcastChannel("inscape");
let trying = false;

/** Whether everything that was done here lies in the studio's store. */
const isKept = () =>
  [easel.paint.get().save, photoEasel.paint.get().save, rewrite.get().save].every(
    (state) => state === "saved" || state === "new",
  );

/** The token may have come into the browser meanwhile: keep what waits here, then load everything anew. */
async function tryAgain(): Promise<void> {
  if (trying || !access.get().locked || document.visibilityState !== "visible") return;
  trying = true;
  if ((await probe()) === "open") {
    access.set({ locked: false });
    for (const { painter } of [easel, photoEasel]) {
      painter.retry();
      await painter.settle();
    }
    await save();
    if (isKept()) location.reload();
  }
  trying = false;
}

/** Where the studio was started again, this tab goes on as soon as the new address was opened in this browser. */
export function startAccess(): void {
  tabs.postMessage("opened");
  tabs.onmessage = () => void tryAgain();
  document.addEventListener("visibilitychange", () => void tryAgain());
  window.addEventListener("focus", () => void tryAgain());
}
