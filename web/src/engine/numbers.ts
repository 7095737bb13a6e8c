import { formatRanges, readSpans } from "./ranges";

/** Read unit numbers: "3, 5 8-12". Returns sorted numbers without repeats, or says what cannot be read. */
export function parseUnits(text: string, count: number): { units: number[]; problem: string } {
  const units = new Set<number>();
  const { spans, wrong } = readSpans(text);
  if (wrong)
    return { units: [], problem: `“${wrong}” is not a unit number. Write numbers such as 3, 5, 8-12.` };
  for (const { part, from, to } of spans) {
    if (to < from || to >= count)
      return { units: [], problem: `This layer has units 0 to ${count - 1}, not ${part}.` };
    for (let unit = from; unit <= to; unit++) units.add(unit);
  }
  return { units: [...units].sort((a, b) => a - b), problem: "" };
}

/** Write unit numbers the short way: 3, 5, 8-12. */
export const formatUnits = (units: readonly number[]): string =>
  formatRanges([...new Set(units)].sort((a, b) => a - b));

/** How long something still takes, in words that do not flicker. */
export function timeLeft(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 1.5) return "about a second left";
  if (seconds < 55)
    return `about ${seconds < 10 ? Math.ceil(seconds) : Math.ceil(seconds / 5) * 5} seconds left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${minutes <= 1 ? "a minute" : `${minutes} minutes`} left`;
  const hours = Math.round(minutes / 60);
  return `about ${hours <= 1 ? "an hour" : `${hours} hours`} left`;
}

/** 12345678 → "12.3 M". */
export function compact(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  return `${value}`;
}

/** 0.5 → "50 %", never broken between lines. */
export const percent = (fraction: number, digits = 0): string => `${(100 * fraction).toFixed(digits)}\u00a0%`;

/** 1381 → "23 minutes"; 9000 → "2.5 hours". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} minutes` : `${Number((minutes / 60).toFixed(1))} hours`;
}

/** A number of bytes for people: "512 kB", "1.4 GB". */
export function sizeOf(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A change as a percentage with its sign. */
export const signed = (change: number): string =>
  `${change > 0 ? "+" : change < 0 ? "−" : "±"}${percent(Math.abs(change))}`;
