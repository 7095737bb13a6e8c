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
