import type { ReportInfo } from "../../api/client";
import type { UnitRow } from "../../engine/catalogue";

export interface CatalogueRow extends UnitRow {
  readonly threshold: number;
  readonly strip: string;
}

/** The studio's rows as the catalogue sorts and searches them: named after the concept that they match best. */
export function catalogueRows(report: ReportInfo): CatalogueRow[] {
  return (report.units ?? []).map((row) => ({
    unit: row.unit,
    concept: row.concept_best ?? row.concept,
    plane: row.plane,
    iou: row.iou,
    iouBest: row.iou_best,
    chance: row.chance,
    passes: row.passes,
    threshold: row.threshold_best,
    strip: row.strip,
  }));
}
