/** pprof's profile.proto as columns, just as they are on the wire: ids not yet resolved, stacks leaf first. */
import type { Uint32Column } from "@/lib/profile/uint32-column";

/** The strings as byte ranges; text is made only of those somebody asks for. */
export class StringTable {
  private readonly texts: (string | undefined)[] = [];

  constructor(
    private readonly bytes: Buffer,
    private readonly starts: Uint32Array,
    private readonly ends: Uint32Array,
  ) {}

  get length(): number {
    return this.starts.length;
  }

  byteLength(index: number): number {
    return (this.ends[index] ?? 0) - (this.starts[index] ?? 0);
  }

  /** @returns the string; bytes that are not UTF-8 become U+FFFD; "" beyond the table */
  text(index: number): string {
    let text = this.texts[index];
    if (text === undefined) {
      text = this.bytes.toString("utf8", this.starts[index] ?? 0, this.ends[index] ?? 0);
      this.texts[index] = text;
    }
    return text;
  }

  /**
   * The usual form of an id, checked in its bytes: profiles hold thousands, and a pattern on text takes longer.
   * @returns the string when it is `digits` lower-case hex digits and not all zero, else undefined
   */
  hexId(index: number, digits: number): string | undefined {
    const start = this.starts[index] ?? 0;
    const end = this.ends[index] ?? 0;
    if (end - start !== digits) return undefined;
    let seen = 0;
    for (let at = start; at < end; at++) {
      const byte = this.bytes[at] ?? 0;
      if ((byte < 0x30 || byte > 0x39) && (byte < 0x61 || byte > 0x66)) return undefined;
      seen |= byte;
    }
    return seen === 0x30 ? undefined : this.bytes.toString("latin1", start, end);
  }
}

export interface WireValueType {
  type: number;
  unit: number;
}

export interface PprofTables {
  readonly sampleTypes: WireValueType[];
  periodType: WireValueType;
  period: bigint;
  timeNanos: bigint;
  durationNanos: bigint;
  defaultSampleType: number;
  /** Indexes of strings that nothing else holds: comments, patterns of frames to drop. */
  readonly looseStrings: number[];

  readonly sampleCount: number;
  /** Sample i: locations locationOffsets[i] .. [i + 1], labels likewise, values i * sampleTypes.length ... */
  readonly locationOffsets: Uint32Array;
  readonly locations: Uint32Column;
  readonly values: BigInt64Array;
  readonly labelOffsets: Uint32Array;
  readonly labelKeys: Uint32Column;
  /** 0 when the label is a number. */
  readonly labelTexts: Uint32Column;
  /** Two halves a label, low first. */
  readonly labelNumbers: Uint32Column;
  readonly labelUnits: Uint32Column;

  readonly locationIds: Uint32Array;
  /** Keys of mappings, 0 for none. */
  readonly locationMappings: Uint32Array;
  readonly lineOffsets: Uint32Array;
  /** Keys of functions. */
  readonly lineFunctions: Uint32Column;
  readonly lineNumbers: Uint32Column;

  readonly functionIds: Uint32Array;
  readonly functionNames: Uint32Array;
  readonly functionSystemNames: Uint32Array;
  readonly functionFiles: Uint32Array;
  readonly functionStartLines: Uint32Array;

  readonly mappingIds: Uint32Array;
  readonly mappingFiles: Uint32Array;
  readonly mappingBuildIds: Uint32Array;

  readonly strings: StringTable;
  /** The id behind a key, for messages. */
  readonly idOf: (key: number) => string;
}
