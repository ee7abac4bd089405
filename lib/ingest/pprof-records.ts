/** The records inside a pprof, each read from where the cursor stands up to `end` into the tables. */
import { invalidInput } from "@/lib/errors";
import type { PprofCursor } from "@/lib/ingest/pprof-cursor";
import type { PprofTables, WireValueType } from "@/lib/ingest/pprof-tables";
import { HIGH, LOW } from "@/lib/profile/int64";

/** Sample: 1 location_id, 2 value, 3 label. */
export function readSample(
  cursor: PprofCursor,
  end: number,
  profile: PprofTables,
  valueHalves: Int32Array,
  sample: number,
  maxLabels: number,
): void {
  const { locations, labelKeys } = profile;
  const typeCount = profile.values.length / profile.sampleCount;
  const first = sample * typeCount;
  let value = 0;
  profile.locationOffsets[sample] = locations.length;
  profile.labelOffsets[sample] = labelKeys.length;
  while (cursor.at < end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        cursor.packedKeys(end, locations);
        break;
      case 0x08:
        locations.push(cursor.key());
        break;
      case 0x12: {
        const stop = cursor.enter(end);
        while (cursor.at < stop) readValue(cursor, valueHalves, first + value++, first + typeCount);
        cursor.leave(stop);
        break;
      }
      case 0x10:
        readValue(cursor, valueHalves, first + value++, first + typeCount);
        break;
      case 0x1a:
        readLabel(cursor, cursor.enter(end), profile);
        break;
      default:
        cursor.skip(tag, end, 3);
    }
  }
  cursor.leave(end);
  cursor.spend(value);
  if (value !== typeCount) {
    throw invalidInput(
      `Sample ${sample} has ${value} values, but the profile has ${typeCount} sample types.`,
    );
  }
  const labels = labelKeys.length - (profile.labelOffsets[sample] ?? 0);
  if (labels > maxLabels)
    throw invalidInput(`Sample ${sample} has ${labels} labels; the limit is ${maxLabels}.`);
}

/** A value too many is read and not kept: it would be the next sample's first. */
function readValue(cursor: PprofCursor, halves: Int32Array, value: number, stop: number): void {
  cursor.varint();
  if (value >= stop) return;
  halves[value * 2 + LOW] = cursor.low;
  halves[value * 2 + HIGH] = cursor.high;
}

/** Label: 1 key, 2 str, 3 num, 4 num_unit. */
function readLabel(cursor: PprofCursor, end: number, profile: PprofTables): void {
  let key = 0;
  let text = 0;
  let low = 0;
  let high = 0;
  let unit = 0;
  while (cursor.at < end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x08:
        key = cursor.uint32("string index");
        break;
      case 0x10:
        text = cursor.uint32("string index");
        break;
      case 0x18:
        cursor.varint();
        low = cursor.low;
        high = cursor.high;
        break;
      case 0x20:
        unit = cursor.uint32("string index");
        break;
      default:
        cursor.skip(tag, end, 4);
    }
  }
  cursor.leave(end);
  profile.labelKeys.push(key);
  profile.labelTexts.push(text);
  profile.labelNumbers.push(low);
  profile.labelNumbers.push(high);
  profile.labelUnits.push(unit);
}

/** Location: 1 id, 2 mapping_id, 3 address, 4 line, 5 is_folded. */
export function readLocation(cursor: PprofCursor, end: number, profile: PprofTables, location: number): void {
  profile.lineOffsets[location] = profile.lineFunctions.length;
  while (cursor.at < end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x08:
        profile.locationIds[location] = cursor.key();
        break;
      case 0x10:
        profile.locationMappings[location] = cursor.key();
        break;
      case 0x18:
      case 0x28:
        cursor.varint();
        break;
      case 0x22:
        readLine(cursor, cursor.enter(end), profile);
        break;
      default:
        cursor.skip(tag, end, 5);
    }
  }
  cursor.leave(end);
}

/** Line: 1 function_id, 2 line, 3 column. */
function readLine(cursor: PprofCursor, end: number, profile: PprofTables): void {
  let fn = 0;
  let line = 0;
  while (cursor.at < end) {
    const tag = cursor.tag();
    if (tag === 0x08) fn = cursor.key();
    else if (tag === 0x10) line = cursor.line();
    else if (tag === 0x18) cursor.varint();
    else cursor.skip(tag, end, 3);
  }
  cursor.leave(end);
  profile.lineFunctions.push(fn);
  profile.lineNumbers.push(line);
}

/** Function: 1 id, 2 name, 3 system_name, 4 filename, 5 start_line. */
export function readFunction(cursor: PprofCursor, end: number, profile: PprofTables, fn: number): void {
  while (cursor.at < end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x08:
        profile.functionIds[fn] = cursor.key();
        break;
      case 0x10:
        profile.functionNames[fn] = cursor.uint32("string index");
        break;
      case 0x18:
        profile.functionSystemNames[fn] = cursor.uint32("string index");
        break;
      case 0x20:
        profile.functionFiles[fn] = cursor.uint32("string index");
        break;
      case 0x28:
        profile.functionStartLines[fn] = cursor.line();
        break;
      default:
        cursor.skip(tag, end, 5);
    }
  }
  cursor.leave(end);
}

/** Mapping: 1 id, 2 start, 3 limit, 4 offset, 5 filename, 6 build_id, 7-10 what symbols are known. */
export function readMapping(cursor: PprofCursor, end: number, profile: PprofTables, mapping: number): void {
  while (cursor.at < end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x08:
        profile.mappingIds[mapping] = cursor.key();
        break;
      case 0x28:
        profile.mappingFiles[mapping] = cursor.uint32("string index");
        break;
      case 0x30:
        profile.mappingBuildIds[mapping] = cursor.uint32("string index");
        break;
      default:
        if ((tag & 7) !== 0) cursor.skip(tag, end, 10);
        else cursor.varint();
    }
  }
  cursor.leave(end);
}

/** ValueType: 1 type, 2 unit. */
export function readValueType(cursor: PprofCursor, end: number): WireValueType {
  const read: WireValueType = { type: 0, unit: 0 };
  while (cursor.at < end) {
    const tag = cursor.tag();
    if (tag === 0x08) read.type = cursor.uint32("string index");
    else if (tag === 0x10) read.unit = cursor.uint32("string index");
    else cursor.skip(tag, end, 2);
  }
  cursor.leave(end);
  return read;
}
