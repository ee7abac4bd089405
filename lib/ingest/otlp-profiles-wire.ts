/**
 * An OTLP ExportProfilesServiceRequest as it came, whichever encoding it had (opentelemetry-proto 1.10 and 1.11,
 * profiles/v1development). Tables are columns; whatever points into them is checked before it is used.
 */
import { HotspanError, invalidInput } from "@/lib/errors";
import type { Attributes } from "@/lib/trace/span";

/** Entries of all tables, samples, values and frames of one request together: some 100 bytes each. */
const MAX_ITEMS = 8_000_000;

/** Index 0 of every table is its null value. */
export interface ProfileDictionary {
  readonly strings: string[];
  /** Per mapping, its file: an index of `strings`, as all of these are unless said otherwise. */
  readonly mappingFiles: number[];
  readonly functionNames: number[];
  readonly functionSystemNames: number[];
  readonly functionFiles: number[];
  readonly functionStartLines: number[];
  /** Per location, an index of the mappings. */
  readonly locationMappings: number[];
  /** Where location i's lines end, the innermost inlined call first. */
  readonly lineEnds: number[];
  /** Indexes of the functions. */
  readonly lineFunctions: number[];
  readonly lineNumbers: number[];
  /** Where stack i's locations end, leaf first. */
  readonly stackEnds: number[];
  /** Indexes of the locations. */
  readonly stackLocations: number[];
  readonly links: { traceId: string; spanId: string }[];
  readonly attributes: { key: string; value: string }[];
}

export interface WireSample {
  stack: number;
  attributes: number[];
  link: number;
  values: bigint[];
  timestamps: bigint[];
}

export interface WireProfile {
  type: number;
  unit: number;
  periodType: number;
  periodUnit: number;
  period: bigint;
  timeNanos: bigint;
  durationNanos: bigint;
  attributes: number[];
  readonly samples: WireSample[];
}

/** The profiles of one resource and scope. */
export interface WireScope {
  readonly resource: Attributes;
  readonly profiles: WireProfile[];
}

export interface WireProfiles {
  readonly dictionary: ProfileDictionary;
  readonly scopes: readonly WireScope[];
}

export function emptyDictionary(): ProfileDictionary {
  return {
    strings: [],
    mappingFiles: [],
    functionNames: [],
    functionSystemNames: [],
    functionFiles: [],
    functionStartLines: [],
    locationMappings: [],
    lineEnds: [],
    lineFunctions: [],
    lineNumbers: [],
    stackEnds: [],
    stackLocations: [],
    links: [],
    attributes: [],
  };
}

export function emptyProfile(): WireProfile {
  return {
    type: 0,
    unit: 0,
    periodType: 0,
    periodUnit: 0,
    period: 0n,
    timeNanos: 0n,
    durationNanos: 0n,
    attributes: [],
    samples: [],
  };
}

export function emptySample(): WireSample {
  return { stack: 0, attributes: [], link: 0, values: [], timestamps: [] };
}

/** Counts what a request makes us keep or go through, before it is kept. */
export class ItemBudget {
  private left = MAX_ITEMS;

  /** @throws HotspanError `too-large` */
  spend(count: number): void {
    this.left -= count;
    if (this.left < 0) {
      throw new HotspanError(
        "too-large",
        `The profiles have more than ${MAX_ITEMS} entries, samples and frames: send smaller batches.`,
      );
    }
  }

  /** Beside what it holds: an empty one is two bytes to send, and costs as much to read as a hundred entries. */
  spendResource(): void {
    this.spend(100);
  }
}

/**
 * The messages carry no version, and their field numbers moved thrice in a year: what cannot be 1.10 is refused with
 * the version that is needed, rather than stored as something that never was.
 */
export function wrongVersion(what: string): HotspanError {
  return invalidInput(
    `These are no OTLP profiles of opentelemetry-proto 1.10 or later (v1development, experimental): ${what}. ` +
      "Update the sender to a release of 2026.",
  );
}
