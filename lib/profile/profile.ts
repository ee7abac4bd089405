import type { SampleType } from "@/lib/profile/sample-type";
import type { Nanos, UnixNano } from "@/lib/units";

/** How a sample knows its trace, weakest first; the numbers are those of the store's enum. */
export const TIE = { none: 0, process: 1, trace: 2, span: 3 } as const;

/** Functions as columns, in the order the profile first mentions them. */
export interface FunctionTable {
  /** 64-bit identity over the name (function-identity.ts). */
  readonly ids: BigUint64Array;
  readonly names: readonly string[];
  readonly systemNames: readonly string[];
  readonly files: readonly string[];
  readonly startLines: Uint32Array;
}

/** Distinct stacks, root first: stack i has the frames offsets[i] .. offsets[i + 1]. */
export interface StackTable {
  /** 64-bit hash over the frames' function ids and lines. */
  readonly ids: BigUint64Array;
  readonly offsets: Uint32Array;
  /** Per frame, an index into the function table. */
  readonly functions: Uint32Array;
  /** Per frame, the line being executed; 0 when unknown. */
  readonly lines: Uint32Array;
}

/** Labels that are neither ids nor the endpoint, sorted by key. */
export type LabelSet = readonly (readonly [key: string, value: string])[];

/** Per pprof sample. `traceIds`, `spanIds`, `rootSpanIds` and `endpoints` are indexes into `Profile.texts`. */
export interface SampleColumns {
  readonly length: number;
  readonly stacks: Uint32Array;
  readonly traceIds: Uint32Array;
  readonly spanIds: Uint32Array;
  readonly rootSpanIds: Uint32Array;
  readonly endpoints: Uint32Array;
  /** A number of TIE. */
  readonly ties: Uint8Array;
  /** Indexes into `Profile.labelSets`. */
  readonly labelSets: Uint32Array;
  /** How many samples (stack traces taken) stand behind the values. */
  readonly counts: Uint32Array;
  /** values[sample * sampleTypes.length + type], in the unit of the type; negative in differences of two profiles. */
  readonly values: BigInt64Array;
  /** When each was taken, where the format says so; 0 unknown. Absent: all were taken during the profile's window. */
  readonly takenAtUnixNano?: BigInt64Array;
}

/**
 * One profile of one process, whatever format it came in: columns, because a profile has up to a million samples.
 * Plain data: it can be sent to and from a worker.
 */
export interface Profile {
  readonly service: string;
  /** Which of the service's processes, "" when unknown: what tells whose state the latest snapshot is. */
  readonly instance: string;
  /** Start of the window in which samples were taken. */
  readonly startUnixNano: UnixNano;
  readonly durationNs: Nanos;
  /** Time between two samples of one running thread; 0 when not sampled by time. */
  readonly periodNs: Nanos;
  /** Without the type that only counts samples: that is `samples.counts`. */
  readonly sampleTypes: readonly SampleType[];
  readonly functions: FunctionTable;
  readonly stacks: StackTable;
  readonly samples: SampleColumns;
  /** texts[0] is "". */
  readonly texts: readonly string[];
  /** labelSets[0] is empty. */
  readonly labelSets: readonly LabelSet[];
}
