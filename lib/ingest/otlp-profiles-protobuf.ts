/** OTLP profiles in protobuf. Fields of a wire type that 1.10 does not give them are another version's. */
import { cutName, cutValue, type Tally } from "@/lib/ingest/otlp-limits";
import {
  emptyDictionary,
  emptyProfile,
  emptySample,
  type ItemBudget,
  type ProfileDictionary,
  type WireProfile,
  type WireProfiles,
  type WireSample,
  type WireScope,
  wrongVersion,
} from "@/lib/ingest/otlp-profiles-wire";
import { readKeyValue, readValue } from "@/lib/ingest/otlp-protobuf";
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, WireReader } from "@/lib/ingest/wire-reader";

/**
 * @returns the request; indexes are not checked yet
 * @throws HotspanError `invalid-input` or `too-large`
 */
export function readProfilesProtobuf(bytes: Buffer, cuts: Tally, budget: ItemBudget): WireProfiles {
  const r = new WireReader(bytes);
  const resources: number[] = [];
  const dictionaries: number[] = [];
  each(r, (tag) => {
    if (tag === 0x0a) r.mark(resources);
    else if (tag === 0x12) r.mark(dictionaries);
    else r.skip(tag);
  });
  // After the resources on the wire, and needed before them.
  const dictionary = readDictionary(r, dictionaries, cuts, budget);
  const scopes: WireScope[] = [];
  eachPlace(r, resources, () => {
    budget.spendResource();
    readResource(r, scopes, dictionary.strings, cuts, budget);
  });
  return { dictionary, scopes };
}

function readDictionary(
  r: WireReader,
  places: readonly number[],
  cuts: Tally,
  budget: ItemBudget,
): ProfileDictionary {
  const dictionary = emptyDictionary();
  const attributes: number[] = [];
  eachPlace(r, places, () => {
    each(r, (tag) => {
      if (tag >>> 3 < 8 && tag >>> 3 > 0) budget.spend(1);
      switch (tag) {
        case 0x0a:
          readMapping(r, dictionary);
          break;
        case 0x12:
          readLocation(r, dictionary, budget);
          break;
        case 0x1a:
          readFunction(r, dictionary);
          break;
        case 0x22:
          readLink(r, dictionary);
          break;
        case 0x2a:
          dictionary.strings.push(cutValue(r.text(), cuts));
          break;
        case 0x32:
          r.mark(attributes); // their keys are strings, which may come after them
          break;
        case 0x3a:
          inside(r, (field) => {
            if (field >>> 3 === 1) readIndexes(r, field, dictionary.stackLocations, budget);
            else r.skip(field);
          });
          dictionary.stackEnds.push(dictionary.stackLocations.length);
          break;
        default:
          r.skip(tag);
      }
    });
  });
  eachPlace(r, attributes, () => readAttribute(r, dictionary, cuts));
  return dictionary;
}

function readMapping(r: WireReader, { mappingFiles }: ProfileDictionary): void {
  let file = 0;
  inside(r, (tag) => {
    if (tag === 0x20) file = r.varint();
    else r.skip(tag);
  });
  mappingFiles.push(file);
}

function readLocation(r: WireReader, dictionary: ProfileDictionary, budget: ItemBudget): void {
  let mapping = 0;
  inside(r, (tag) => {
    if (tag === 0x08) mapping = r.varint();
    else if (tag === 0x1a) {
      budget.spend(1);
      let fn = 0;
      let line = 0;
      inside(r, (field) => {
        if (field === 0x08) fn = r.varint();
        else if (field === 0x10) line = r.varint();
        else r.skip(field);
      });
      dictionary.lineFunctions.push(fn);
      dictionary.lineNumbers.push(line);
    } else r.skip(tag);
  });
  dictionary.locationMappings.push(mapping);
  dictionary.lineEnds.push(dictionary.lineFunctions.length);
}

function readFunction(r: WireReader, dictionary: ProfileDictionary): void {
  const fields = [0, 0, 0, 0];
  inside(r, (tag) => {
    const field = tag >>> 3;
    if ((tag & 7) === WIRE_VARINT && field <= 4) fields[field - 1] = r.varint();
    else r.skip(tag);
  });
  const [name = 0, systemName = 0, file = 0, startLine = 0] = fields;
  dictionary.functionNames.push(name);
  dictionary.functionSystemNames.push(systemName);
  dictionary.functionFiles.push(file);
  dictionary.functionStartLines.push(startLine);
}

function readLink(r: WireReader, { links }: ProfileDictionary): void {
  const link = { traceId: "", spanId: "" };
  inside(r, (tag) => {
    if (tag === 0x0a) link.traceId = r.hex(16);
    else if (tag === 0x12) link.spanId = r.hex(8);
    else r.skip(tag);
  });
  links.push(link);
}

function readAttribute(r: WireReader, { attributes, strings }: ProfileDictionary, cuts: Tally): void {
  const attribute = { key: "", value: "" };
  each(r, (tag) => {
    if (tag === 0x08) attribute.key = cutName(strings[r.varint()] ?? "", cuts);
    else if (tag === 0x12) attribute.value = cutValue(readValue(r, 0, false, cuts, strings), cuts);
    else r.skip(tag);
  });
  attributes.push(attribute);
}

function readResource(
  r: WireReader,
  scopes: WireScope[],
  strings: readonly string[],
  cuts: Tally,
  budget: ItemBudget,
): void {
  const resource = new Map<string, string>();
  each(r, (tag) => {
    if (tag === 0x0a) {
      inside(r, (field) => {
        if (field === 0x0a) readKeyValue(r, resource, cuts, strings);
        else r.skip(field);
      });
    } else if (tag === 0x12) {
      budget.spend(1);
      const profiles: WireProfile[] = [];
      inside(r, (field) => {
        if (field === 0x12) profiles.push(readProfile(r, budget));
        else r.skip(field);
      });
      scopes.push({ resource, profiles });
    } else r.skip(tag);
  });
}

function readProfile(r: WireReader, budget: ItemBudget): WireProfile {
  budget.spend(1);
  const profile = emptyProfile();
  inside(r, (tag) => {
    switch (tag >>> 3) {
      case 1:
        expectWire(tag, WIRE_BYTES, "sample_type");
        [profile.type, profile.unit] = readValueType(r);
        break;
      case 2:
        expectWire(tag, WIRE_BYTES, "samples");
        profile.samples.push(readSample(r, budget));
        break;
      case 3:
        expectWire(tag, WIRE_FIXED64, "time_unix_nano");
        profile.timeNanos = r.fixed64();
        break;
      case 4:
        expectWire(tag, WIRE_VARINT, "duration_nano");
        profile.durationNanos = BigInt(r.int64());
        break;
      case 5:
        expectWire(tag, WIRE_BYTES, "period_type");
        [profile.periodType, profile.periodUnit] = readValueType(r);
        break;
      case 6:
        expectWire(tag, WIRE_VARINT, "period");
        profile.period = BigInt(r.int64());
        break;
      case 8:
        expectWire(tag, WIRE_VARINT, "dropped_attributes_count");
        r.skip(tag);
        break;
      case 11:
        readIndexes(r, tag, profile.attributes, budget);
        break;
      default:
        r.skip(tag);
    }
  });
  return profile;
}

function readValueType(r: WireReader): [type: number, unit: number] {
  let type = 0;
  let unit = 0;
  inside(r, (tag) => {
    if (tag === 0x08) type = r.varint();
    else if (tag === 0x10) unit = r.varint();
    else r.skip(tag);
  });
  return [type, unit];
}

function readSample(r: WireReader, budget: ItemBudget): WireSample {
  budget.spend(1);
  const sample = emptySample();
  inside(r, (tag) => {
    switch (tag >>> 3) {
      case 1:
        expectWire(tag, WIRE_VARINT, "stack_index");
        sample.stack = r.varint();
        break;
      case 2:
        readIndexes(r, tag, sample.attributes, budget);
        break;
      case 3:
        expectWire(tag, WIRE_VARINT, "link_index");
        sample.link = r.varint();
        break;
      case 4:
        readRepeated(r, tag, WIRE_VARINT, budget, () => sample.values.push(BigInt(r.int64())));
        break;
      case 5:
        readRepeated(r, tag, WIRE_FIXED64, budget, () => sample.timestamps.push(r.fixed64()));
        break;
      default:
        r.skip(tag);
    }
  });
  return sample;
}

function readIndexes(r: WireReader, tag: number, into: number[], budget: ItemBudget): void {
  readRepeated(r, tag, WIRE_VARINT, budget, () => into.push(r.varint()));
}

/** A repeated number comes packed or one by one; readers take both. */
function readRepeated(r: WireReader, tag: number, wire: number, budget: ItemBudget, read: () => void): void {
  if ((tag & 7) === wire) {
    budget.spend(1);
    read();
    return;
  }
  expectWire(tag, WIRE_BYTES, `repeated field ${tag >>> 3}`);
  const outer = r.enter();
  while (!r.isAtEnd) {
    budget.spend(1);
    read();
  }
  r.leave(outer);
}

function expectWire(tag: number, wire: number, field: string): void {
  if ((tag & 7) !== wire) throw wrongVersion(`${field} has wire type ${tag & 7}, not ${wire}`);
}

function each(r: WireReader, read: (tag: number) => void): void {
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) read(tag);
}

function inside(r: WireReader, read: (tag: number) => void): void {
  const outer = r.enter();
  each(r, read);
  r.leave(outer);
}

function eachPlace(r: WireReader, places: readonly number[], read: () => void): void {
  for (let at = 0; at < places.length; at += 2) {
    const outer = r.enterAt(places[at] ?? 0, places[at + 1] ?? 0);
    read();
    r.leave(outer);
  }
}
