import { type Problem, ProblemError, problemOf } from "../api/client";
import { Store } from "../engine/store";

export interface Toast {
  readonly id: number;
  readonly title: string;
  readonly detail: string;
  readonly bad: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** What is told to people: toasts that are seen, and sentences that are heard. */
export const messages = new Store<{ toasts: readonly Toast[]; said: string }>({ toasts: [], said: "" });

let counter = 0;

export function toast(message: Omit<Toast, "id" | "detail" | "bad"> & Partial<Toast>): void {
  counter += 1;
  const shown: Toast = { detail: "", bad: false, ...message, id: counter };
  const others = messages.get().toasts.filter((one) => one.title !== shown.title);
  messages.set({ toasts: [...others, shown].slice(-3) });
  leave(shown);
}

const timers = new Map<number, ReturnType<typeof setTimeout>>();

function leave({ id, bad }: Toast): void {
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => dismiss(id), bad ? 12000 : 7000),
  );
}

/** Toasts stay while somebody points at them or has the keyboard in them. */
export function hold(): void {
  for (const timer of timers.values()) clearTimeout(timer);
}

export function release(): void {
  for (const shown of messages.get().toasts) leave(shown);
}

/** What was done can be taken back, as long as nothing else was done since. */
export function offerUndo(title: string, undo: () => unknown, unchanged: () => boolean = () => true): void {
  const run = async () => {
    if (unchanged()) await undo();
    else toast({ title: "Not undone", detail: "Something else changed since. Undo that first." });
  };
  const label = "Undo";
  toast({ title, action: { label, run: () => void run().catch((error) => complain(problemOf(error))) } });
}

export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  messages.set({ toasts: messages.get().toasts.filter((one) => one.id !== id) });
}

export function complain(problem: Problem): void {
  const detail = [problem.detail, problem.hint].filter(Boolean).join(" ");
  toast({ title: problem.title, detail, bad: true });
}

/** Says that there is nothing to do that with. */
export const refusing = (what: string) => () => toast({ title: `There is nothing to ${what}` });

/** For people who listen to the page; the same sentence twice is told twice. */
export function say(text: string): void {
  messages.set({ said: messages.get().said === text ? `${text}\u00a0` : text });
}

/** Copy, and say so; where the browser forbids it, show the text to be copied by hand. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast({ title: `${what} copied` });
  } catch {
    toast({ title: `${what}: copy it from here`, detail: text });
  }
}

/** What it means for further saving that something could not be kept; said where nothing else shows it. */
export function whyNotKept(error: unknown): "offline" | "conflict" | "failed" {
  const status = error instanceof ProblemError ? error.status : -1;
  if (status === 0) return "offline";
  if (status === 409) return "conflict";
  complain(problemOf(error));
  return "failed";
}

/** Why a saved edit cannot be loaded; one that was made for other weights can be applied all the same. */
export function complainOfEdit({ title, detail, hint }: Problem, anyway: () => void): void {
  const foreign = detail.includes("other weights");
  toast({
    title,
    detail: foreign ? detail : [detail, hint].filter(Boolean).join(" "),
    bad: true,
    ...(foreign ? { action: { label: "Apply anyway", run: anyway } } : {}),
  });
}
