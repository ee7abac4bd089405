/**
 * Bytes of a pprof (profile.proto, not compressed) to columns: one pass counts the records and so sizes the columns,
 * one fills them. Nothing is allocated per sample.
 *
 *     1 sample_type  2 sample  3 mapping  4 location  5 function  6 string_table  7 drop_frames  8 keep_frames
 *     9 time_nanos  10 duration_nanos  11 period_type  12 period  13 comment  14 default_sample_type
 *     15 doc_url
 */
import { HotspanError, invalidInput } from "@/lib/errors";
import { PprofCursor } from "@/lib/ingest/pprof-cursor";
import type { PprofLimits } from "@/lib/ingest/pprof-limits";
import {
  readFunction,
  readLocation,
  readMapping,
  readSample,
  readValueType,
} from "@/lib/ingest/pprof-records";
import { type PprofTables, StringTable } from "@/lib/ingest/pprof-tables";
import { halvesOf } from "@/lib/profile/int64";
import { Uint32Column } from "@/lib/profile/uint32-column";

const LAST_PROFILE_FIELD = 15;
/** More value types than this are no profiler's. */
const MAX_SAMPLE_TYPES = 64;

/**
 * @returns the tables with ids and string indexes still unchecked
 * @throws HotspanError `invalid-input` for malformed bytes, `too-large` beyond the limits
 */
export function readPprof(bytes: Buffer, limits: PprofLimits): PprofTables {
  const counts = countRecords(bytes, limits);
  const tables = makeTables(bytes, counts, limits);
  const { cursor, profile, valueHalves, stringStarts, stringEnds } = tables;
  const end = bytes.length;
  let sample = 0;
  let location = 0;
  let fn = 0;
  let mapping = 0;
  let string = 0;
  while (cursor.at < end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        profile.sampleTypes.push(readValueType(cursor, cursor.enter(end)));
        break;
      case 0x12:
        readSample(cursor, cursor.enter(end), profile, valueHalves, sample++, limits.maxLabelsPerSample);
        break;
      case 0x1a:
        readMapping(cursor, cursor.enter(end), profile, mapping++);
        break;
      case 0x22:
        readLocation(cursor, cursor.enter(end), profile, location++);
        break;
      case 0x2a:
        readFunction(cursor, cursor.enter(end), profile, fn++);
        break;
      case 0x32: {
        const stop = cursor.enter(end);
        if (stop - cursor.at > limits.maxStringBytes) {
          throw invalidInput(
            `String ${string} of the profile has ${stop - cursor.at} bytes; the limit is ${limits.maxStringBytes}.`,
          );
        }
        stringStarts[string] = cursor.at;
        stringEnds[string++] = stop;
        cursor.at = stop;
        break;
      }
      case 0x38: // drop_frames
      case 0x40: // keep_frames
      case 0x68: // comment
      case 0x78: // doc_url
        profile.looseStrings.push(cursor.uint32("string index"));
        break;
      case 0x6a: {
        const stop = cursor.enter(end);
        while (cursor.at < stop) {
          cursor.spend(1);
          profile.looseStrings.push(cursor.uint32("string index"));
        }
        cursor.leave(stop);
        break;
      }
      case 0x48:
        profile.timeNanos = int64(cursor);
        break;
      case 0x50:
        profile.durationNanos = int64(cursor);
        break;
      case 0x5a:
        profile.periodType = readValueType(cursor, cursor.enter(end));
        break;
      case 0x60:
        profile.period = int64(cursor);
        break;
      case 0x70:
        profile.defaultSampleType = cursor.uint32("string index");
        break;
      default:
        cursor.skip(tag, end, LAST_PROFILE_FIELD);
    }
  }
  cursor.leave(end);
  profile.locationOffsets[sample] = profile.locations.length;
  profile.labelOffsets[sample] = profile.labelKeys.length;
  profile.lineOffsets[location] = profile.lineFunctions.length;
  return profile;
}

interface RecordCounts {
  readonly sampleTypes: number;
  readonly samples: number;
  readonly mappings: number;
  readonly locations: number;
  readonly functions: number;
  readonly strings: number;
}

/** Jumps from record to record, a hundredth of the whole work, and refuses what would be too much. */
function countRecords(bytes: Buffer, limits: PprofLimits): RecordCounts {
  const cursor = new PprofCursor(bytes, limits);
  const counts = new Uint32Array(7);
  while (cursor.at < bytes.length) {
    const tag = cursor.tag();
    if ((tag & 7) === 2 && tag >>> 3 < 7) counts[tag >>> 3] = (counts[tag >>> 3] ?? 0) + 1;
    cursor.step(tag, bytes.length);
  }
  cursor.leave(bytes.length);
  const [, sampleTypes = 0, samples = 0, mappings = 0, locations = 0, functions = 0, strings = 0] = counts;
  if (samples > limits.maxSamples) {
    throw new HotspanError(
      "too-large",
      `The profile has ${samples} samples; the limit is ${limits.maxSamples}: profile a shorter time.`,
    );
  }
  if (sampleTypes > MAX_SAMPLE_TYPES) {
    throw invalidInput(`The profile has ${sampleTypes} sample types; the limit is ${MAX_SAMPLE_TYPES}.`);
  }
  if (samples * sampleTypes > limits.maxFields) {
    throw new HotspanError(
      "too-large",
      `The profile has ${samples} samples of ${sampleTypes} types; together at most ${limits.maxFields} values are taken.`,
    );
  }
  return { sampleTypes, samples, mappings, locations, functions, strings };
}

function makeTables(bytes: Buffer, counts: RecordCounts, limits: PprofLimits) {
  const cursor = new PprofCursor(bytes, limits);
  const stringStarts = new Uint32Array(counts.strings);
  const stringEnds = new Uint32Array(counts.strings);
  const values = new BigInt64Array(counts.samples * counts.sampleTypes);
  // Usual sizes, but never more than the bytes can hold.
  const locations = Math.min(counts.samples * 32, bytes.length);
  const labels = Math.min(counts.samples * 4, bytes.length >> 1);
  const profile: PprofTables = {
    sampleTypes: [],
    periodType: { type: 0, unit: 0 },
    period: 0n,
    timeNanos: 0n,
    durationNanos: 0n,
    defaultSampleType: 0,
    looseStrings: [],
    sampleCount: counts.samples,
    locationOffsets: new Uint32Array(counts.samples + 1),
    locations: new Uint32Column(locations),
    values,
    labelOffsets: new Uint32Array(counts.samples + 1),
    labelKeys: new Uint32Column(labels),
    labelTexts: new Uint32Column(labels),
    labelNumbers: new Uint32Column(labels * 2),
    labelUnits: new Uint32Column(labels),
    locationIds: new Uint32Array(counts.locations),
    locationMappings: new Uint32Array(counts.locations),
    lineOffsets: new Uint32Array(counts.locations + 1),
    lineFunctions: new Uint32Column(counts.locations + 16),
    lineNumbers: new Uint32Column(counts.locations + 16),
    functionIds: new Uint32Array(counts.functions),
    functionNames: new Uint32Array(counts.functions),
    functionSystemNames: new Uint32Array(counts.functions),
    functionFiles: new Uint32Array(counts.functions),
    functionStartLines: new Uint32Array(counts.functions),
    mappingIds: new Uint32Array(counts.mappings),
    mappingFiles: new Uint32Array(counts.mappings),
    mappingBuildIds: new Uint32Array(counts.mappings),
    strings: new StringTable(bytes, stringStarts, stringEnds),
    idOf: (key) => cursor.idOf(key),
  };
  return { cursor, profile, valueHalves: halvesOf(values), stringStarts, stringEnds };
}

function int64(cursor: PprofCursor): bigint {
  cursor.varint();
  return (BigInt(cursor.high) << 32n) | BigInt(cursor.low >>> 0);
}
