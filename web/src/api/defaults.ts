/** What fields are unless given. Written by scripts/write_openapi.py. */
export const DEFAULTS = {
  DissectionRequest: { images: 1000 },
  EffectsRequest: { images: 200, insert: false },
  InversionRequest: { seconds: 20.0, start: "encoder" },
  RuleChoices: { rank: 1, ridge: 0.01, method: "whitened", solver: "reduced", halo: 1 },
  WorkState: { goal: "paste", another: false, erased: 30 },
} as const;
