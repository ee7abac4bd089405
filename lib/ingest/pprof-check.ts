/**
 * The rules of google/pprof's CheckValid, and stricter where a reader would have to guess: every reference leads
 * somewhere, no id is 0 or used twice, every string index is in the table.
 */
import { invalidInput } from "@/lib/errors";
import type { PprofTables } from "@/lib/ingest/pprof-tables";

/** In place of an index: the record refers to nothing. */
export const NONE = 0xffff_ffff;

/** What the ids of the tables lead to: indexes of locations, functions and mappings. */
export interface PprofReferences {
  /** Parallel to `locations`. */
  readonly locations: Uint32Array;
  /** Parallel to `lineFunctions`. */
  readonly lineFunctions: Uint32Array;
  /** Parallel to `locationIds`; NONE for a location without a mapping. */
  readonly locationMappings: Uint32Array;
}

/**
 * @throws HotspanError `invalid-input` that names the first broken rule and the record it is in
 */
export function checkPprof(tables: PprofTables): PprofReferences {
  if (tables.sampleTypes.length === 0) throw invalidInput("The profile has no sample types.");
  if (tables.strings.length === 0) throw invalidInput("The profile has no string table.");
  if (tables.strings.byteLength(0) !== 0)
    throw invalidInput('The profile\'s string table does not begin with "".');
  checkStrings(tables);
  const locations = new IdIndex("location", tables.locationIds, tables.idOf);
  const functions = new IdIndex("function", tables.functionIds, tables.idOf);
  const mappings = new IdIndex("mapping", tables.mappingIds, tables.idOf);
  return {
    locations: locations.resolve(tables.locations.view(), false, (at) => {
      let sample = 0;
      while ((tables.locationOffsets[sample + 1] ?? 0) <= at) sample++;
      return `Sample ${sample}`;
    }),
    lineFunctions: functions.resolve(tables.lineFunctions.view(), false, (at) => {
      let location = 0;
      while ((tables.lineOffsets[location + 1] ?? 0) <= at) location++;
      return `Location ${tables.idOf(tables.locationIds[location] ?? 0)}`;
    }),
    locationMappings: mappings.resolve(
      tables.locationMappings,
      true,
      (at) => `Location ${tables.idOf(tables.locationIds[at] ?? 0)}`,
    ),
  };
}

function checkStrings(tables: PprofTables): void {
  const columns: readonly (readonly [where: string, indexes: ArrayLike<number>])[] = [
    ["a sample type", tables.sampleTypes.flatMap(({ type, unit }) => [type, unit])],
    ["the period type", [tables.periodType.type, tables.periodType.unit]],
    ["the default sample type", [tables.defaultSampleType]],
    ["a comment or frame pattern", tables.looseStrings],
    ["a label's key", tables.labelKeys.view()],
    ["a label's text", tables.labelTexts.view()],
    ["a label's unit", tables.labelUnits.view()],
    ["a function's name", tables.functionNames],
    ["a function's system name", tables.functionSystemNames],
    ["a function's file", tables.functionFiles],
    ["a mapping's file", tables.mappingFiles],
    ["a mapping's build id", tables.mappingBuildIds],
  ];
  const { length } = tables.strings;
  for (const [where, indexes] of columns) {
    for (let at = 0; at < indexes.length; at++) {
      const index = indexes[at] ?? 0;
      if (index >= length) {
        throw invalidInput(`The profile has ${length} strings, but ${where} refers to string ${index}.`);
      }
    }
  }
}

/** From the ids of one kind of record to their places. Profilers count ids up from 1, for which no table is needed. */
class IdIndex {
  private readonly places = new Map<number, number>();
  private readonly isCounted: boolean;

  constructor(
    private readonly kind: string,
    private readonly ids: Uint32Array,
    private readonly idOf: (key: number) => string,
  ) {
    this.isCounted = ids.every((id, place) => id === place + 1);
    if (this.isCounted) return;
    for (let place = 0; place < ids.length; place++) {
      const id = ids[place] ?? 0;
      if (id === 0) throw invalidInput(`The profile has a ${kind} with the reserved id 0.`);
      if (this.places.has(id)) throw invalidInput(`The profile has two ${kind}s with the id ${idOf(id)}.`);
      this.places.set(id, place);
    }
  }

  /**
   * Turns keys into places where they are: there may be millions.
   * @param mayBeNone whether id 0 means that there is none
   */
  resolve(keys: Uint32Array, mayBeNone: boolean, owner: (at: number) => string): Uint32Array {
    const count = this.ids.length;
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] ?? 0;
      if (key === 0 && mayBeNone) keys[at] = NONE;
      else if (this.isCounted && key > 0 && key <= count) keys[at] = key - 1;
      else {
        const place = this.places.get(key);
        if (place === undefined) {
          throw invalidInput(
            `${owner(at)} refers to ${this.kind} ${this.idOf(key)}, which the profile does not have.`,
          );
        }
        keys[at] = place;
      }
    }
    return keys;
  }
}
