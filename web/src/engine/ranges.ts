/** A number, or those from one to another, as it was typed. */
interface Span {
  readonly part: string;
  readonly from: number;
  readonly to: number;
}

/** Read "3, 5 8-12"; or which part of it cannot be read. */
export function readSpans(text: string): { spans: Span[]; wrong: string } {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const spans = parts.flatMap((part): Span[] => {
    const [, from, to = from] = /^(\d{1,10})(?:[-–](\d{1,10}))?$/.exec(part) ?? [];
    return from === undefined ? [] : [{ part, from: Number(from), to: Number(to) }];
  });
  return { spans, wrong: parts.find((part) => !spans.some((span) => span.part === part)) ?? "" };
}

/** Write numbers the short way, in their order: 3, 5, 8-12. */
export function formatRanges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let end = i;
    while (numbers[end + 1] === (numbers[end] ?? 0) + 1) end++;
    if (end - i >= 2) parts.push(`${numbers[i]}-${numbers[end]}`);
    else parts.push(...numbers.slice(i, end + 1).map(String));
    i = end + 1;
  }
  return parts.join(", ");
}
