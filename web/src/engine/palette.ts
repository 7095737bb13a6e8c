import { limits, type Stroke } from "./stroke";

/** The colour that a concept has everywhere: on brushes, masks and bars. Hue, saturation and lightness in OKLCH. */
interface Colour {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

/** Things that people expect to have a colour have it; neighbours in hue differ in lightness as well. */
const KNOWN: Readonly<Record<string, Colour>> = {
  sky: { lightness: 0.72, chroma: 0.11, hue: 235 },
  cloud: { lightness: 0.82, chroma: 0.03, hue: 240 },
  hill: { lightness: 0.6, chroma: 0.07, hue: 190 },
  grass: { lightness: 0.74, chroma: 0.16, hue: 130 },
  path: { lightness: 0.76, chroma: 0.07, hue: 80 },
  tree: { lightness: 0.56, chroma: 0.13, hue: 148 },
  wall: { lightness: 0.7, chroma: 0.08, hue: 55 },
  roof: { lightness: 0.58, chroma: 0.14, hue: 32 },
  spire: { lightness: 0.55, chroma: 0.11, hue: 280 },
  dome: { lightness: 0.78, chroma: 0.15, hue: 92 },
  door: { lightness: 0.6, chroma: 0.18, hue: 25 },
  window: { lightness: 0.68, chroma: 0.13, hue: 255 },
  car: { lightness: 0.62, chroma: 0.19, hue: 5 },
  person: { lightness: 0.66, chroma: 0.17, hue: 345 },
  sign: { lightness: 0.72, chroma: 0.15, hue: 65 },
  banner: { lightness: 0.6, chroma: 0.16, hue: 310 },
  lettering: { lightness: 0.7, chroma: 0.12, hue: 325 },
  brick: { lightness: 0.58, chroma: 0.13, hue: 40 },
  water: { lightness: 0.66, chroma: 0.11, hue: 215 },
};

/** A steady number of 0 to 1 from a name (FNV-1a). */
function share(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash / 0x100000000;
}

function colour(concept: string): Colour {
  const known = KNOWN[concept.toLowerCase()];
  if (known) return known;
  const part = share(concept);
  return { lightness: 0.58 + 0.18 * share(`${concept}·`), chroma: 0.13, hue: Math.round(part * 360) };
}

export function conceptColour(concept: string | null): string {
  if (concept === null) return "oklch(0.68 0.16 300)";
  const { lightness, chroma, hue } = colour(concept);
  return `oklch(${lightness.toFixed(2)} ${chroma} ${hue})`;
}

/** What a stroke is drawn in; one that limits what others influence has no concept. */
export function strokeColour({ mode, brush }: Pick<Stroke, "mode" | "brush">): string {
  return limits(mode) ? "oklch(0.78 0.12 195)" : conceptColour(brush.concept);
}

/** A picture for a concept: the path of a 24-pixel line icon, or null where there is none. */
export function conceptIcon(concept: string | null): string | null {
  return concept === null ? null : (ICONS[concept.toLowerCase()] ?? null);
}

const ICONS: Readonly<Record<string, string>> = {
  door: "M6 21V5a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v16M3 21h18M14.5 12v1",
  tree: "M12 22v-8M12 17l3.5-3M12 15a6 6 0 0 1-2.6-11.4 4.5 4.5 0 0 1 7.4 3.1A4.6 4.6 0 0 1 15 15z",
  grass: "M3 20h18M5 20c0-4-1-6-2-8M8 20c0-6 1-9 3-12M12 20c0-5 2-8 5-10M16 20c0-4 2-6 5-7",
  sky: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  cloud: "M7 18a4.5 4.5 0 0 1-.4-9 6 6 0 0 1 11.5 1.7A3.7 3.7 0 0 1 17.5 18z",
  dome: "M4 20h16M6 20v-5M18 20v-5M5 15h14a7 7 0 0 0-14 0M12 8V4",
  spire: "M12 2 7 14h10zM8 14v7h8v-7",
  roof: "M3 13 12 5l9 8M6 13v6M18 13v6",
  wall: "M3 5h18v14H3zM3 12h18M12 5v7M8 12v7M16 12v7",
  brick: "M3 5h18v14H3zM3 12h18M12 5v7M8 12v7M16 12v7",
  window: "M5 4h14v16H5zM12 4v16M5 12h14",
  hill: "M2 19c4-9 7-11 10-7 2 2.500 3-3 10 7z",
  path: "M10 4h4l5 16H5zM12 8v2M12 14v2",
  car: "M4 16v-3l2-5h12l2 5v3zM7 16v2M17 16v2M5 12.500h14",
  person: "M12 4a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5M7 21v-5a5 5 0 0 1 10 0v5",
  sign: "M5 4h14v8H5zM12 12v9",
  banner: "M3 15h18v5H3zM6 17.500h12",
  lettering: "M5 19 12 5l7 14M7.500 14h9",
};
