/**
 * A profile as rows of `functions`, `stacks` and `samples`: lines of JSONCompactEachRow, written by hand in the thread
 * that decoded it, because a profile may have a million of them.
 */
import { HotspanError } from "@/lib/errors";
import { HIGH, halvesOf, LOW, numberOfHalves, sumOfColumn } from "@/lib/profile/int64";
import { type Profile, type SampleColumns, TIE } from "@/lib/profile/profile";
import { RowText } from "@/lib/store/row-text";

export const FUNCTION_COLUMNS = [
  "function_id",
  "name",
  "system_name",
  "file",
  "start_line",
  "last_seen",
] as const;
export const STACK_COLUMNS = ["service", "stack_id", "functions", "lines", "last_seen"] as const;
/** What is the same for all rows first, then what is the same for all of a type, then the value, then the sample. */
export const SAMPLE_COLUMNS = [
  "service",
  "time",
  "period_ns",
  "duration_ns",
  "profile_id",
  "source",
  "instance",
  "type",
  "is_primary",
  "meaning",
  "value",
  "endpoint",
  "trace_id",
  "span_id",
  "root_span_id",
  "tie",
  "stack_id",
  "count",
  "labels",
  "taken_at",
] as const;

/** One insert is one block of one part, which is what makes a profile whole or absent: the engine takes so many rows. */
const MAX_ROWS = 1_000_000;
const MAX_SAMPLE_BYTES = 201_326_592;

/** Rows that are stored under an id and so need storing once. */
export interface KeyedRows {
  readonly ids: BigUint64Array;
  readonly text: Uint8Array;
  /** Where row i ends in `text`. */
  readonly ends: Uint32Array;
}

/** What the catalogue keeps of a profile. */
export interface ProfileRecord {
  /** Of the bytes as received, lower hex. */
  readonly sha256: string;
  /** Its first 16 digits. */
  readonly profileId: string;
  readonly service: string;
  /** "" when unknown. */
  readonly language: string;
  readonly sampleTypes: readonly { readonly type: string; readonly unit: string; readonly total: number }[];
  readonly samples: number;
  /** Samples with a trace or span of their own. */
  readonly labelled: number;
  readonly startUnixNano: string;
  readonly durationNs: string;
  readonly source: string;
  /** How it came: `file:NAME`, `watch:PATH`; absent or "" for a push. */
  readonly origin?: string;
  /** JSON: endpoint -> requests that ended in the window, where the profiler counts them (Datadog's); absent or "" elsewhere. */
  readonly endpointCounts?: string;
}

/** A profile ready to be stored. Plain data, so that it can come from a worker. */
export interface ProfileRows {
  readonly record: ProfileRecord;
  readonly functions: KeyedRows;
  readonly stacks: KeyedRows;
  readonly samples: { readonly text: Uint8Array; readonly count: number };
}

/**
 * @param received the day on which functions and stacks count as seen, `YYYY-MM-DD` in UTC
 * @throws HotspanError `too-large` when the samples do not fit into one insert
 */
export function encodeProfileRows(
  profile: Profile,
  identity: {
    readonly sha256: string;
    readonly source: string;
    readonly origin?: string;
    readonly endpointCounts?: string;
    readonly language: string;
  },
  received: string,
): ProfileRows {
  const profileId = identity.sha256.slice(0, 16);
  const stride = profile.sampleTypes.length;
  return {
    record: {
      ...identity,
      profileId,
      service: profile.service,
      sampleTypes: profile.sampleTypes.map(({ type, unit }, index) => ({
        type,
        unit,
        total: Number(sumOfColumn(profile.samples.values, index, stride)),
      })),
      samples: profile.samples.length,
      labelled: countLabelled(profile.samples),
      startUnixNano: String(profile.startUnixNano),
      durationNs: String(profile.durationNs),
    },
    functions: encodeFunctions(profile, received),
    stacks: encodeStacks(profile, received),
    samples: encodeSamples(profile, BigInt(`0x${profileId}`), identity.source),
  };
}

function countLabelled({ ties }: SampleColumns): number {
  let labelled = 0;
  for (const tie of ties) if (tie >= TIE.trace) labelled++;
  return labelled;
}

function encodeFunctions({ functions }: Profile, received: string): KeyedRows {
  const { files, ids, names, startLines, systemNames } = functions;
  const text = new RowText();
  const ends = new Uint32Array(ids.length);
  for (let index = 0; index < ids.length; index++) {
    const texts = [names[index] ?? "", systemNames[index] ?? "", files[index] ?? ""];
    text.add(
      `[${ids[index]},${texts.map((part) => JSON.stringify(part)).join(",")},${startLines[index]},"${received}"]\n`,
    );
    ends[index] = text.end();
  }
  return { ids, text: text.toBytes(), ends };
}

function encodeStacks({ functions, service, stacks }: Profile, received: string): KeyedRows {
  const functionIds = Array.from(functions.ids, String);
  const prefix = `[${JSON.stringify(service)},`;
  const text = new RowText();
  const ends = new Uint32Array(stacks.ids.length);
  for (let stack = 0; stack < stacks.ids.length; stack++) {
    const start = stacks.offsets[stack] ?? 0;
    const stop = stacks.offsets[stack + 1] ?? 0;
    let ids = "";
    let lines = "";
    for (let frame = start; frame < stop; frame++) {
      const comma = frame === start ? "" : ",";
      ids += comma + functionIds[stacks.functions[frame] ?? 0];
      lines += comma + stacks.lines[frame];
    }
    text.add(`${prefix}${stacks.ids[stack]},[${ids}],[${lines}],"${received}"]\n`);
    ends[stack] = text.end();
  }
  return { ids: stacks.ids, text: text.toBytes(), ends };
}

/** A row for each sample and type that has a value, and for the primary type wherever there is a count. */
function encodeSamples(
  profile: Profile,
  profileId: bigint,
  source: string,
): { text: Uint8Array; count: number } {
  const { labelSets, samples, sampleTypes, texts } = profile;
  const constant = `[${[
    JSON.stringify(profile.service),
    `"${inSeconds(profile.startUnixNano)}"`,
    profile.periodNs,
    profile.durationNs,
    profileId,
    JSON.stringify(source),
    JSON.stringify(profile.instance),
  ].join(",")},`;
  const prefixes = sampleTypes.map(
    ({ isPrimary, meaning, type }) => `${constant}${JSON.stringify(type)},${isPrimary ? 1 : 0},"${meaning}",`,
  );
  const quoted = texts.map((text) => JSON.stringify(text));
  const labels = labelSets.map((set) =>
    set.length === 0
      ? "{}"
      : `{${set.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
  );
  const stackIds = Array.from(profile.stacks.ids, String);
  const taken = samples.takenAtUnixNano;
  const takenAt = (sample: number) => (taken === undefined ? "0" : `"${inSeconds(taken[sample] ?? 0n)}"`);
  const halves = halvesOf(samples.values);
  const stride = sampleTypes.length;
  const text = new RowText();
  let count = 0;
  for (let sample = 0; sample < samples.length; sample++) {
    let tail = "";
    for (let type = 0; type < stride; type++) {
      const at = sample * stride + type;
      const isZero = halves[at * 2] === 0 && halves[at * 2 + 1] === 0;
      if (isZero && !(sampleTypes[type]?.isPrimary === true && (samples.counts[sample] ?? 0) > 0)) continue;
      if (tail === "") {
        tail =
          `,${quoted[samples.endpoints[sample] ?? 0]},${quoted[samples.traceIds[sample] ?? 0]},` +
          `${quoted[samples.spanIds[sample] ?? 0]},${quoted[samples.rootSpanIds[sample] ?? 0]},${samples.ties[sample]},` +
          `${stackIds[samples.stacks[sample] ?? 0]},${samples.counts[sample]},${labels[samples.labelSets[sample] ?? 0]},${takenAt(sample)}]\n`;
      }
      text.add(`${prefixes[type]}${integerText(samples.values, halves, at)}${tail}`);
      count++;
    }
    if (count > MAX_ROWS || text.byteLength > MAX_SAMPLE_BYTES) {
      throw new HotspanError(
        "too-large",
        `The profile makes more than ${MAX_ROWS} rows or ${MAX_SAMPLE_BYTES} bytes of samples: profile a shorter time.`,
      );
    }
  }
  return { text: text.toBytes(), count };
}

/** Exact text of a 64-bit value, without a BigInt where a number will do. */
function integerText(values: BigInt64Array, halves: Int32Array, at: number): string {
  const number = numberOfHalves(halves[at * 2 + LOW] ?? 0, halves[at * 2 + HIGH] ?? 0);
  return Number.isSafeInteger(number) ? String(number) : String(values[at]);
}

/**
 * A DateTime64(9) as the engine reads it from text: seconds with nine decimals, exact. Ten digits of seconds, because it
 * takes the first of fewer for a year or a day of a month.
 */
function inSeconds(instant: bigint): string {
  return `${String(instant / 1_000_000_000n).padStart(10, "0")}.${String(instant % 1_000_000_000n).padStart(9, "0")}`;
}
