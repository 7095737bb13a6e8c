/** What pages that paint use. */
export * from "./actions";
export * from "./BrushPanel";
export * from "./easel";
export * from "./HistoryPanel";
export * from "./keeping";
export * from "./Stage";
export * from "./state";
export * from "./Toolbar";
export * from "./timings";
