/** What samples' labels say, as columns: each distinct text is parsed once, each distinct set of labels kept once. */
import type { PprofTables } from "@/lib/ingest/pprof-tables";
import {
  bareLabelKey,
  type IdEncoding,
  type LabelMeaning,
  meaningOfLabel,
  parseSpanLabel,
  parseTraceLabel,
} from "@/lib/ingest/span-labels";
import { hexOfHalves } from "@/lib/profile/int64";
import { type LabelSet, TIE } from "@/lib/profile/profile";

/** What the sender says of all samples at once; a sample's own labels win. */
export interface RequestLabels {
  /** The profile was captured for this trace: its samples are tied to it as far as they have no trace of their own. */
  readonly traceId: string;
  readonly labels: ReadonlyMap<string, string>;
}

export interface LabelColumns {
  readonly texts: readonly string[];
  readonly labelSets: readonly LabelSet[];
  readonly traceIds: Uint32Array;
  readonly spanIds: Uint32Array;
  readonly rootSpanIds: Uint32Array;
  readonly endpoints: Uint32Array;
  readonly ties: Uint8Array;
  readonly labelSetOfSample: Uint32Array;
  /** Unix nanoseconds, 0 unknown; undefined when no sample says when it was taken. */
  readonly takenAt: BigInt64Array | undefined;
}

const NO_ENDPOINT = 1_000;
/** Above what 64 MiB can hold, and two of them in one number are below 2^53. */
const MAX_STRINGS = 67_108_864;
/** Beside such a key, 32 bits of value are exact in one number. */
const MAX_SMALL_KEY = 1_048_576;
/** A text that is not what its key promises. */
const INVALID = -1;

export function readLabels(tables: PprofTables, request: RequestLabels): LabelColumns {
  return new LabelReader(tables, request).read();
}

class LabelReader {
  private readonly texts: string[] = [""];
  private readonly textIndexes = new Map([["", 0]]);
  private readonly meanings: (LabelMeaning | undefined)[] = [];
  private readonly labelSets: LabelSet[] = [];
  /** One label set for each combination of string indexes. */
  private readonly setIndexes = new Map<string | number, number>();
  private readonly keys: Uint32Array;
  private readonly values: Uint32Array;
  private readonly numbers: Uint32Array;
  private readonly units: Uint32Array;

  // Per string of the profile, the index into `texts` of what it says as such a value; 0 not parsed yet, -1 nothing.
  private readonly traces: Int32Array;
  private readonly hexSpans: Int32Array;
  private readonly decimalSpans: Int32Array;
  private readonly plain: Int32Array;

  private readonly processLabels: ReadonlyMap<string, string>;
  private readonly processTrace: number;
  private readonly processEndpoint: number;
  /** The label set of a sample that has no labels of its own. */
  private readonly processSet: number;

  constructor(
    private readonly tables: PprofTables,
    request: RequestLabels,
  ) {
    this.keys = tables.labelKeys.view();
    this.values = tables.labelTexts.view();
    this.numbers = tables.labelNumbers.view();
    this.units = tables.labelUnits.view();
    const count = tables.labelKeys.length === 0 ? 0 : tables.strings.length;
    this.traces = new Int32Array(count);
    this.hexSpans = new Int32Array(count);
    this.decimalSpans = new Int32Array(count);
    this.plain = new Int32Array(count);

    let endpoint = "";
    let rank = NO_ENDPOINT;
    const left = new Map<string, string>();
    for (const [key, value] of request.labels) {
      const meaning = meaningOfLabel(key);
      if (meaning.kind === "endpoint" && meaning.rank < rank) {
        endpoint = value;
        rank = meaning.rank;
      } else {
        left.set(bareLabelKey(key), value);
      }
    }
    this.processLabels = left;
    this.processTrace = this.intern(request.traceId);
    this.processEndpoint = this.intern(endpoint);
    this.labelSets.push([]);
    this.processSet = left.size === 0 ? 0 : this.labelSets.push(this.toLabelSet([])) - 1;
  }

  read(): LabelColumns {
    const { sampleCount, labelOffsets } = this.tables;
    const traceIds = new Uint32Array(sampleCount);
    const spanIds = new Uint32Array(sampleCount);
    const rootSpanIds = new Uint32Array(sampleCount);
    const endpoints = new Uint32Array(sampleCount);
    const ties = new Uint8Array(sampleCount);
    const labelSetOfSample = new Uint32Array(sampleCount);
    let takenAt: BigInt64Array | undefined;
    const left: number[] = [];
    for (let sample = 0; sample < sampleCount; sample++) {
      let trace = 0;
      let span = 0;
      let root = 0;
      let endpointAt = -1;
      let rank = NO_ENDPOINT;
      left.length = 0;
      const stop = labelOffsets[sample + 1] ?? 0;
      for (let at = labelOffsets[sample] ?? 0; at < stop; at++) {
        if (this.isEmpty(at)) continue;
        const meaning = this.meaningAt(at);
        let text = 0;
        switch (meaning.kind) {
          case "trace":
            text = trace === 0 ? this.traceAt(at) : 0;
            if (text !== 0) trace = text;
            break;
          case "span":
            text = span === 0 ? this.spanAt(at, meaning.encoding) : 0;
            if (text !== 0) span = text;
            if (text !== 0 && meaning.isRoot && root === 0) root = text;
            break;
          case "root-span":
            text = this.spanAt(at, meaning.encoding);
            if (text !== 0) root = text;
            break;
          case "endpoint":
            if (meaning.rank < rank && this.values[at] !== 0) {
              if (endpointAt !== -1) left.push(endpointAt);
              endpointAt = at;
              rank = meaning.rank;
              text = 1;
            }
            break;
          case "taken-at": {
            const instant = this.instantAt(at);
            if (instant === 0n) break;
            takenAt ??= new BigInt64Array(sampleCount);
            takenAt[sample] = instant;
            text = 1;
            break;
          }
          case "label":
            break;
        }
        if (text === 0) left.push(at);
      }
      traceIds[sample] = trace === 0 ? this.processTrace : trace;
      spanIds[sample] = span;
      rootSpanIds[sample] = root;
      endpoints[sample] = endpointAt === -1 ? this.processEndpoint : this.plainAt(endpointAt);
      ties[sample] = this.tieOf(trace, span);
      labelSetOfSample[sample] = left.length === 0 ? this.processSet : this.setOf(left);
    }
    const { labelSets, texts } = this;
    return {
      texts,
      labelSets,
      traceIds,
      spanIds,
      rootSpanIds,
      endpoints,
      ties,
      labelSetOfSample,
      takenAt,
    };
  }

  /** A span without its trace in a profile captured for a trace: the span may be of another, so the capture ties it. */
  private tieOf(trace: number, span: number): number {
    if (trace === 0 && this.processTrace !== 0) return TIE.process;
    if (span !== 0) return TIE.span;
    return trace === 0 ? TIE.none : TIE.trace;
  }

  /** Go writes a label with an empty text as nothing at all. */
  private isEmpty(at: number): boolean {
    return this.values[at] === 0 && !this.isNumber(at);
  }

  private isNumber(at: number): boolean {
    return (
      this.values[at] === 0 &&
      (this.numbers[at * 2] !== 0 || this.numbers[at * 2 + 1] !== 0 || this.units[at] !== 0)
    );
  }

  private meaningAt(at: number): LabelMeaning {
    const key = this.keys[at] ?? 0;
    let meaning = this.meanings[key];
    if (meaning === undefined) {
      meaning = meaningOfLabel(this.tables.strings.text(key));
      this.meanings[key] = meaning;
    }
    return meaning;
  }

  private traceAt(at: number): number {
    return this.parsedOnce(
      this.traces,
      this.values[at] ?? 0,
      (string) => this.tables.strings.hexId(string, 32) ?? parseTraceLabel(this.tables.strings.text(string)),
    );
  }

  /** dd-trace-js sends span ids as numbers, uint64 in an int64's clothes. */
  private spanAt(at: number, encoding: IdEncoding): number {
    if (this.isNumber(at)) {
      const hex = hexOfHalves(this.numbers[at * 2] ?? 0, this.numbers[at * 2 + 1] ?? 0);
      return this.intern(parseSpanLabel(hex, "hex") ?? "");
    }
    const { strings } = this.tables;
    if (encoding === "decimal") {
      return this.parsedOnce(this.decimalSpans, this.values[at] ?? 0, (string) =>
        parseSpanLabel(strings.text(string), encoding),
      );
    }
    return this.parsedOnce(
      this.hexSpans,
      this.values[at] ?? 0,
      (string) => strings.hexId(string, 16) ?? parseSpanLabel(strings.text(string), encoding),
    );
  }

  /** @returns 0 for what is no number or before 1970 */
  private instantAt(at: number): bigint {
    const instant = this.isNumber(at) ? this.integerAt(at) : 0n;
    return instant > 0n ? instant : 0n;
  }

  private integerAt(at: number): bigint {
    const high = BigInt((this.numbers[at * 2 + 1] ?? 0) | 0);
    return (high << 32n) | BigInt(this.numbers[at * 2] ?? 0);
  }

  private plainAt(at: number): number {
    return this.parsedOnce(this.plain, this.values[at] ?? 0, (string) => this.tables.strings.text(string));
  }

  private parsedOnce(
    cache: Int32Array,
    string: number,
    parse: (string: number) => string | undefined,
  ): number {
    const known = cache[string] ?? INVALID;
    if (known === INVALID) return 0;
    if (known > 0) return known;
    const parsed = parse(string) ?? "";
    if (parsed === "") {
      cache[string] = INVALID;
      return 0;
    }
    // Strings of the profile are distinct already: another look-up by text would cost more than a double one in a while.
    const index = this.texts.push(parsed) - 1;
    cache[string] = index;
    return index;
  }

  private intern(text: string): number {
    let index = this.textIndexes.get(text);
    if (index === undefined) {
      index = this.texts.length;
      this.texts.push(text);
      this.textIndexes.set(text, index);
    }
    return index;
  }

  private setOf(left: readonly number[]): number {
    const [only = 0] = left;
    const key = left.length === 1 ? this.keyOfOne(only) : left.map((at) => this.identityAt(at)).join(";");
    let index = this.setIndexes.get(key);
    if (index === undefined) {
      index = this.labelSets.length;
      this.labelSets.push(this.toLabelSet(left));
      this.setIndexes.set(key, index);
    }
    return index;
  }

  /** Mostly there is one label; what identifies it then needs no string: a number, negative for numeric labels. */
  private keyOfOne(at: number): string | number {
    const key = this.keys[at] ?? 0;
    if (!this.isNumber(at)) return key * MAX_STRINGS + (this.values[at] ?? 0);
    if (this.numbers[at * 2 + 1] !== 0 || key >= MAX_SMALL_KEY) return this.identityAt(at);
    return -1 - (key * 4_294_967_296 + (this.numbers[at * 2] ?? 0));
  }

  private identityAt(at: number): string {
    const value = this.isNumber(at)
      ? `#${this.numbers[at * 2]},${this.numbers[at * 2 + 1]}`
      : String(this.values[at]);
    return `${this.keys[at]}=${value}`;
  }

  private toLabelSet(left: readonly number[]): LabelSet {
    const set = new Map(this.processLabels);
    for (const at of left) {
      const key = bareLabelKey(this.tables.strings.text(this.keys[at] ?? 0));
      if (this.isNumber(at)) {
        set.set(key, String(this.integerAt(at)));
      } else {
        set.set(key, this.tables.strings.text(this.values[at] ?? 0));
      }
    }
    return [...set].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  }
}
