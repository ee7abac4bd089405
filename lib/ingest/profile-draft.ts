/**
 * A profile that is put together value by value: for formats that send each sample type for itself, over the same
 * stacks (OTLP profiles, and the rows that a collector makes of them).
 */
import { LabelTable, type SampleTie } from "@/lib/ingest/label-table";
import { type AskedWindow, readWindow, type WrittenTime } from "@/lib/ingest/profile-time";
import { StackDraft } from "@/lib/ingest/stack-draft";
import { guessLanguage, type Language } from "@/lib/profile/language";
import type { Profile } from "@/lib/profile/profile";
import { guessLockKind, nameSampleTypes } from "@/lib/profile/sample-type";
import { Uint32Column } from "@/lib/profile/uint32-column";
import { MAX_UNIX_NANO } from "@/lib/units";

const MAX_COUNT = 0xffff_ffff;

export interface WireType {
  readonly type: string;
  readonly unit: string;
}

/** Between two samples; `type` and `unit` "" when the sender does not say. */
export interface WirePeriod extends WireType {
  readonly period: bigint;
}

export interface DraftOrigin {
  readonly service: string;
  readonly instance: string;
  readonly time: WrittenTime;
  readonly asked: AskedWindow;
}

/** A sample of one type, as senders write it. `stack` and `tie` are what the draft's `frames` and `labels` gave. */
export interface DraftSample {
  readonly stack: number;
  readonly tie: SampleTie;
  /** Position of its type among the draft's types. */
  readonly type: number;
  readonly values: readonly bigint[];
  /** Unix nanoseconds: without values each counts one; beside as many values each has its own. */
  readonly timestamps: readonly bigint[];
}

/** What is stored of one instant, or of no known one (0). */
interface DraftValue extends Pick<DraftSample, "stack" | "tie" | "type"> {
  readonly value: bigint;
  /** Stack traces behind the value; 0 when the sender does not say. */
  readonly count: number;
  readonly takenAt: bigint;
}

export class ProfileDraft {
  readonly frames = new StackDraft();
  readonly labels: LabelTable;
  private readonly types: readonly WireType[];
  /** A lone count of samples of known distance is also an amount of time: `samples` every 10 ms of cpu. */
  private readonly isTimed: boolean;
  private readonly periodNs: number;
  /** Sample -> its place, where several types are to meet in one. */
  private readonly places = new Map<string, number>();
  private readonly stacks = new Uint32Column();
  private readonly ties: SampleTie[] = [];
  private readonly takenAt: bigint[] = [];
  private readonly values: bigint[] = [];
  private readonly counts: number[] = [];

  constructor(types: readonly WireType[], period: WirePeriod, processLabels: ReadonlyMap<string, string>) {
    const isTime = period.unit === "nanoseconds" && period.period > 0n && period.period < 1n << 53n;
    const [only] = types;
    this.periodNs = isTime ? Number(period.period) : 0;
    this.isTimed =
      isTime && types.length === 1 && only !== undefined && isSampleCount(only) && period.type !== "";
    this.types = this.isTimed ? [...types, { type: period.type, unit: period.unit }] : types;
    this.labels = new LabelTable(processLabels);
  }

  /** Several values without a time each are added up. */
  add(sample: DraftSample): void {
    const { timestamps, values } = sample;
    if (timestamps.length === 0 || (values.length > 0 && values.length !== timestamps.length)) {
      const value = values.reduce((sum, value) => sum + value, 0n);
      this.addValue({ ...sample, value, count: timestamps.length, takenAt: 0n });
      return;
    }
    timestamps.forEach((instant, at) => {
      const takenAt = instant <= MAX_UNIX_NANO ? instant : 0n;
      this.addValue({ ...sample, value: values[at] ?? 1n, count: 1, takenAt });
    });
  }

  /** Values of equal stack, labels and time meet in one sample. */
  private addValue({ count, stack, takenAt, tie, type, value }: DraftValue): void {
    const at = this.placeOf(stack, tie, takenAt);
    const first = at * this.types.length;
    this.values[first + type] = (this.values[first + type] ?? 0n) + value;
    if (this.isTimed) this.values[first + 1] = (this.values[first + 1] ?? 0n) + value * BigInt(this.periodNs);
    // Of several types each says how often the stack was seen; they say it of the same times.
    this.counts[at * this.types.length + type] = (this.counts[at * this.types.length + type] ?? 0) + count;
  }

  get isEmpty(): boolean {
    return this.ties.length === 0;
  }

  /** @throws HotspanError `invalid-input` for an impossible time or two types of one name */
  build(origin: DraftOrigin): { readonly profile: Profile; readonly language: Language } {
    const functions = this.frames.functions.toTable();
    const stacks = this.frames.stacks.toTable();
    const language = guessLanguage(functions.files);
    // Never the language's habit: OTLP's time is where the window begins.
    const window = readWindow(origin.time, "", origin.asked);
    const leaves = function* () {
      for (let stack = 0; stack < stacks.ids.length; stack++) {
        const stop = stacks.offsets[stack + 1] ?? 0;
        if (stop > (stacks.offsets[stack] ?? 0)) yield functions.names[stacks.functions[stop - 1] ?? 0] ?? "";
      }
    };
    const columns = nameSampleTypes(this.types, "", () => guessLockKind(leaves()), {
      temporality: window.durationNs > 0 ? "delta" : "cumulative",
      hasDuration: window.durationNs > 0,
    });
    const length = this.ties.length;
    const kept = columns.flatMap((column, from) => (column.role === "value" ? [{ ...column, from }] : []));
    const values = new BigInt64Array(length * kept.length);
    const counts = new Uint32Array(length);
    const countColumn = columns.findIndex(({ role }) => role === "count");
    for (let sample = 0; sample < length; sample++) {
      const first = sample * this.types.length;
      kept.forEach(({ from, scale }, to) => {
        values[sample * kept.length + to] = (this.values[first + from] ?? 0n) * BigInt(scale);
      });
      counts[sample] = this.countOf(sample, countColumn, values, kept.length);
    }
    const profile: Profile = {
      service: origin.service,
      instance: origin.instance,
      ...window,
      periodNs: this.periodNs,
      sampleTypes: kept.map(({ sampleType }) => sampleType),
      functions,
      stacks,
      texts: this.labels.texts,
      labelSets: this.labels.labelSets,
      samples: {
        length,
        stacks: this.stacks.copy(),
        traceIds: Uint32Array.from(this.ties, ({ traceId }) => traceId),
        spanIds: Uint32Array.from(this.ties, ({ spanId }) => spanId),
        rootSpanIds: Uint32Array.from(this.ties, ({ rootSpanId }) => rootSpanId),
        endpoints: Uint32Array.from(this.ties, ({ endpoint }) => endpoint),
        ties: Uint8Array.from(this.ties, ({ tie }) => tie),
        labelSets: Uint32Array.from(this.ties, ({ labelSet }) => labelSet),
        counts,
        values,
        ...(this.takenAt.some((at) => at !== 0n)
          ? { takenAtUnixNano: BigInt64Array.from(this.takenAt) }
          : {}),
      },
    };
    return { profile, language };
  }

  private placeOf(stack: number, tie: SampleTie, takenAt: bigint): number {
    const key = `${stack},${tie.labelSet},${tie.traceId},${tie.spanId},${tie.rootSpanId},${tie.endpoint},${takenAt}`;
    // With one type there is nothing to meet, and samples stay as they were sent.
    const mayMeet = this.types.length > 1 && !this.isTimed;
    const known = mayMeet ? this.places.get(key) : undefined;
    if (known !== undefined) return known;
    const at = this.ties.push(tie) - 1;
    if (mayMeet) this.places.set(key, at);
    this.stacks.push(stack);
    this.takenAt.push(takenAt);
    for (let type = 0; type < this.types.length; type++) {
      this.values.push(0n);
      this.counts.push(0);
    }
    return at;
  }

  /** What counts samples, else how many times were given, else how many periods fit, else one. */
  private countOf(sample: number, countColumn: number, values: BigInt64Array, stride: number): number {
    const first = sample * this.types.length;
    if (countColumn !== -1) return clampCount(Number(this.values[first + countColumn] ?? 0n));
    const told = Math.max(...this.counts.slice(first, first + this.types.length));
    if (told > 0) return clampCount(told);
    const own = values.subarray(sample * stride, (sample + 1) * stride);
    const most = Math.max(0, ...Array.from(own, Number));
    if (this.periodNs > 0) return most === 0 ? 0 : clampCount(Math.max(1, Math.round(most / this.periodNs)));
    return own.some((value) => value !== 0n) ? 1 : 0;
  }
}

function isSampleCount({ type, unit }: WireType): boolean {
  return (type === "samples" || type === "sample") && unit === "count";
}

function clampCount(count: number): number {
  return Math.min(MAX_COUNT, Math.max(0, count));
}
