import type { PprofTables } from "@/lib/ingest/pprof-tables";
import { HIGH, halvesOf, LOW } from "@/lib/profile/int64";
import type { ProfileSpan } from "@/lib/profile/meaning";
import { guessLockKind, type LockKind, nameSampleTypes, type SampleType } from "@/lib/profile/sample-type";
import { nameStateChanges } from "@/lib/profile/state-change";

const MAX_COUNT = 0xffff_ffff;

export interface ValueColumns {
  readonly sampleTypes: readonly SampleType[];
  /** values[sample * sampleTypes.length + type] */
  readonly values: BigInt64Array;
  /** Samples behind each: what the profile's `samples/count` says, else 1 for whatever has a value. */
  readonly counts: Uint32Array;
}

/**
 * @param lockKind what the sender says of contentions; undefined lets `leafNames` decide
 * @throws HotspanError `invalid-input` when two types have the same name
 */
export function readValues(
  tables: PprofTables,
  lockKind: LockKind | undefined,
  leafNames: () => Iterable<string>,
  span: ProfileSpan & { readonly sentAsDelta: boolean },
): ValueColumns {
  const { strings } = tables;
  const wireTypes = tables.sampleTypes.map(({ type, unit }) => ({
    type: strings.text(type),
    unit: strings.text(unit),
  }));
  const columns = nameSampleTypes(
    wireTypes,
    strings.text(tables.defaultSampleType),
    () => lockKind ?? guessLockKind(leafNames()),
    span,
  );
  const sampleTypes: SampleType[] = [];
  const kept: { from: number; scale: bigint }[] = [];
  let countColumn = -1;
  columns.forEach((column, from) => {
    if (column.role === "count") {
      countColumn = from;
    } else {
      sampleTypes.push(column.sampleType);
      kept.push({ from, scale: BigInt(column.scale) });
    }
  });
  const stride = columns.length;
  const values = keepColumns(tables.values, stride, kept, tables.sampleCount);
  const counts = new Uint32Array(tables.sampleCount);
  if (countColumn === -1) countValued(counts, values, kept.length);
  else takeCounts(counts, tables.values, stride, countColumn);
  return {
    sampleTypes:
      span.temporality === "delta" ? nameStateChanges(sampleTypes, values, span.sentAsDelta) : sampleTypes,
    values,
    counts,
  };
}

function keepColumns(
  values: BigInt64Array,
  stride: number,
  kept: readonly { readonly from: number; readonly scale: bigint }[],
  sampleCount: number,
): BigInt64Array {
  if (kept.length === stride && kept.every(({ scale }) => scale === 1n)) return values;
  const taken = new BigInt64Array(sampleCount * kept.length);
  const source = halvesOf(values);
  const target = halvesOf(taken);
  kept.forEach(({ from, scale }, to) => {
    for (let sample = 0; sample < sampleCount; sample++) {
      const at = sample * stride + from;
      const into = sample * kept.length + to;
      if (scale === 1n) {
        target[into * 2] = source[at * 2] ?? 0;
        target[into * 2 + 1] = source[at * 2 + 1] ?? 0;
      } else {
        taken[into] = (values[at] ?? 0n) * scale;
      }
    }
  });
  return taken;
}

function takeCounts(counts: Uint32Array, values: BigInt64Array, stride: number, column: number): void {
  const halves = halvesOf(values);
  for (let sample = 0; sample < counts.length; sample++) {
    const at = (sample * stride + column) * 2;
    const high = halves[at + HIGH] ?? 0;
    // A difference of two profiles may count below zero; there are no samples behind that.
    counts[sample] = high < 0 ? 0 : high > 0 ? MAX_COUNT : (halves[at + LOW] ?? 0);
  }
}

function countValued(counts: Uint32Array, values: BigInt64Array, stride: number): void {
  const halves = halvesOf(values);
  for (let sample = 0; sample < counts.length; sample++) {
    const stop = (sample + 1) * stride * 2;
    for (let at = sample * stride * 2; at < stop; at++) {
      if (halves[at] !== 0) {
        counts[sample] = 1;
        break;
      }
    }
  }
}
