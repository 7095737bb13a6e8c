import { api, type ReportInfo } from "../api/client";
import { limits, type Stroke } from "../engine/stroke";

/** The colour that a concept has everywhere, as the studio names it. */
const known = new Map<string, string>();

export function learnColours(colours: Readonly<Record<string, string>>): void {
  for (const [concept, colour] of Object.entries(colours)) known.set(concept, colour);
}

/** A report, and the colours of what is in it. */
export async function reportOf(model: string, layer: string): Promise<ReportInfo> {
  const report = await api.report(model, layer);
  learnColours(report.colours ?? {});
  return report;
}

export const conceptColour = (concept: string | null): string =>
  known.get(concept ?? "") ?? "oklch(0.68 0.16 300)";

/** What a stroke is drawn in; one that limits what others influence has no concept. */
export const strokeColour = ({ mode, brush }: Pick<Stroke, "mode" | "brush">): string =>
  limits(mode) ? "oklch(0.78 0.12 195)" : conceptColour(brush.concept);
