import { stack } from "d3-shape";

export interface BandInput {
  readonly key: string;
  /** [start of the step in Unix nanoseconds, value summed over the step]; steps without samples may be missing */
  readonly points: readonly (readonly [unixNano: string, value: number])[];
}

export interface Band {
  readonly key: string;
  /** Sum of the series' values. */
  readonly total: number;
  /** Value per step, 0 where nothing was measured. */
  readonly values: readonly number[];
  /** Lower and upper edge per step, in value per nanosecond of the step (cores, when the values are nanoseconds). */
  readonly edges: readonly (readonly [low: number, high: number])[];
}

export interface StackedBands {
  /** Start of each step and the end of the last, in ms after `fromNs`; one more than there are steps. */
  readonly ticks: readonly number[];
  readonly bands: readonly Band[];
  /** Highest upper edge. */
  readonly peak: number;
}

export interface StackRange {
  /** [from, to) in Unix nanoseconds */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly stepNs: number;
}

const MAX_STEPS = 5_000;

/**
 * Lays series over one another, the first at the ground. Every step is divided by its whole length, also the first and last,
 * which the range may cut: a profile's window counts in full where it starts, so a cut step would show cores that never ran.
 */
export function buildStackedBands(series: readonly BandInput[], range: StackRange): StackedBands {
  const step = BigInt(Math.max(1, Math.round(range.stepNs)));
  const starts = findStepStarts(series, range, step);
  const indexOf = new Map(starts.map((start, index) => [start, index]));
  const ticks = starts.map((start) => Math.max(0, toOffset(start, range.fromNs)));
  const end = starts.length === 0 ? range.fromNs : (starts[starts.length - 1] ?? range.fromNs) + step;
  ticks.push(Math.min(toOffset(end, range.fromNs), toOffset(range.toNs, range.fromNs)));

  const columns = series.map((one) => {
    const values = new Array<number>(starts.length).fill(0);
    for (const [instant, value] of one.points) {
      const index = indexOf.get(BigInt(instant));
      if (index !== undefined) values[index] = (values[index] ?? 0) + value;
    }
    return values;
  });
  const rows = starts.map((_, index) => columns.map((values) => (values[index] ?? 0) / Number(step)));
  const layers = stack<unknown, number[], number>()
    .keys(series.map((_, index) => index))
    .value((row, index) => row[index] ?? 0)(rows);

  const bands = series.map((one, index) => ({
    key: one.key,
    total: (columns[index] ?? []).reduce((sum, value) => sum + value, 0),
    values: columns[index] ?? [],
    edges: (layers[index] ?? []).map((edge): readonly [number, number] => [edge[0], edge[1]]),
  }));
  const top = bands[bands.length - 1]?.edges ?? [];
  return { ticks, bands, peak: top.reduce((highest, [, high]) => Math.max(highest, high), 0) };
}

/** Keeps the `keep` largest and adds the others up under `restKey`, which comes last; one of that name is rest already. */
export function foldSmallSeries(
  series: readonly BandInput[],
  keep: number,
  restKey: string,
): readonly BandInput[] {
  const total = (one: BandInput) => one.points.reduce((sum, [, value]) => sum + value, 0);
  const bySize = series.filter(({ key }) => key !== restKey).toSorted((a, b) => total(b) - total(a));
  const small = [...bySize.slice(keep), ...series.filter(({ key }) => key === restKey)];
  if (small.length === 0) return bySize;
  const rest = new Map<string, number>();
  for (const one of small) {
    for (const [instant, value] of one.points) rest.set(instant, (rest.get(instant) ?? 0) + value);
  }
  return [...bySize.slice(0, keep), { key: restKey, points: [...rest] }];
}

/** Every step that the range touches, in the phase of the points. */
function findStepStarts(series: readonly BandInput[], { fromNs, toNs }: StackRange, step: bigint): bigint[] {
  const anchor = series.find((one) => one.points.length > 0)?.points[0]?.[0];
  if (anchor === undefined) return [];
  const phase = BigInt(anchor) % step;
  let start = fromNs - ((((fromNs - phase) % step) + step) % step);
  const starts: bigint[] = [];
  for (; start < toNs && starts.length < MAX_STEPS; start += step) starts.push(start);
  return starts;
}

function toOffset(instant: bigint, from: bigint): number {
  return Number(instant - from) / 1e6;
}
