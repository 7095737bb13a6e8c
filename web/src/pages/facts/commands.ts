import { type Action, shared } from "../../engine/shortcuts";
import { execute, stopFirst } from "./actions";
import { facts, jobs, missing } from "./state";
import { book } from "./work";

const group = "Facts";
const whole = () => missing(facts.get()) === "" && !jobs.edit.active;

export const actions: readonly Action[] = [
  shared("execute", execute, { label: "Change the fact", group, able: whole, refuse: execute }),
  shared("abort", stopFirst, { label: "Stop", group }),
  shared("undo", () => book.undo(), { able: () => book.store.get().canUndo }),
  shared("redo", () => book.redo(), { able: () => book.store.get().canRedo }),
];
