/** One measured thing. */
export interface Figure {
  /** `10M: queries`: where it was measured. */
  readonly group: string;
  readonly name: string;
  readonly unit: "ms" | "bytes" | "MB" | "spans/s" | "spans/CPU s" | "samples/s" | "cores" | "count" | "x";
  /** The median where there are repetitions. */
  readonly value: number;
  readonly p95?: number;
  readonly repetitions?: number;
  /** value / the value of what `of` names, measured in the same run; what should be small. */
  readonly ratio?: number;
  readonly of?: string;
  /** What is aimed at, in words: `p95 < 50 ms`. */
  readonly target?: string;
  readonly met?: boolean;
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly least: number;
  readonly repetitions: number;
}

/** @param values at least one, in any order */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), least: sorted[0] ?? 0, repetitions: sorted.length };
}

/**
 * Times a call again and again; the first two calls warm up and do not count.
 * @param rounds at most so many; fewer when `seconds` are over
 */
export async function timeCalls(
  rounds: number,
  seconds: number,
  work: (round: number) => Promise<unknown>,
): Promise<Spread> {
  const times: number[] = [];
  const deadline = performance.now() + seconds * 1_000;
  for (let round = -2; round < rounds; round++) {
    const began = performance.now();
    await work(round + 2);
    if (round >= 0) times.push(performance.now() - began);
    if (times.length > 0 && performance.now() > deadline) break;
  }
  return spreadOf(times);
}

/** Three significant digits: more would be noise. */
export function rounded(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(value >= 1_000 ? 4 : 3));
}

export function printTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.group,
    figure.name,
    `${rounded(figure.value).toLocaleString("en")} ${figure.unit}`,
    figure.p95 === undefined ? "" : rounded(figure.p95).toLocaleString("en"),
    figure.ratio === undefined ? "" : `${rounded(figure.ratio)} x ${figure.of ?? ""}`,
    figure.target === undefined ? "" : `${figure.target}: ${figure.met === true ? "met" : "NOT met"}`,
  ]);
  const table = [["where", "what", "median", "p95", "ratio", "target"], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? "").length)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
