/** OTLP profiles in JSON: the names of 1.10, `samples` and `lines` also in the singular that some releases wrote. */

import {
  attributesOf,
  idText,
  items,
  list,
  object,
  parseJsonObject,
  text,
  valueText,
  wholeNumber,
} from "@/lib/ingest/otlp-json";
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
import type { Json } from "@/lib/ingest/parse-json";

/** Of samples and profiles before 1.10. */
const OLD_NAMES = ["value", "locationsStartIndex", "locationsLength", "locationIndices", "timeNanos"];

/**
 * @returns the request; indexes are not checked yet
 * @throws HotspanError `invalid-input` or `too-large`
 */
export function readProfilesJson(bytes: Buffer, cuts: Tally, budget: ItemBudget): WireProfiles {
  const request = parseJsonObject(bytes, "resourceProfiles");
  const dictionary = readDictionary(object(request.dictionary), cuts, budget);
  const scopes: WireScope[] = [];
  for (const resourceProfiles of list(request, "resourceProfiles")) {
    const resource = attributesOf(object(resourceProfiles.resource), cuts, dictionary.strings);
    for (const scope of list(resourceProfiles, "scopeProfiles")) {
      budget.spend(1);
      const profiles = list(scope, "profiles").map((profile) => readProfile(profile, budget));
      scopes.push({ resource, profiles });
    }
  }
  return { dictionary, scopes };
}

function readDictionary(json: Json, cuts: Tally, budget: ItemBudget): ProfileDictionary {
  const dictionary = emptyDictionary();
  const table = (name: string) => {
    const entries = list(json, name);
    budget.spend(entries.length);
    return entries;
  };
  const strings = items(json, "stringTable");
  budget.spend(strings.length);
  for (const string of strings) dictionary.strings.push(cutValue(text(string), cuts));
  for (const mapping of table("mappingTable")) dictionary.mappingFiles.push(index(mapping.filenameStrindex));
  for (const fn of table("functionTable")) {
    dictionary.functionNames.push(index(fn.nameStrindex));
    dictionary.functionSystemNames.push(index(fn.systemNameStrindex));
    dictionary.functionFiles.push(index(fn.filenameStrindex));
    dictionary.functionStartLines.push(index(fn.startLine));
  }
  for (const location of table("locationTable")) {
    const lines = list(location, location.lines === undefined ? "line" : "lines");
    budget.spend(lines.length);
    for (const line of lines) {
      dictionary.lineFunctions.push(index(line.functionIndex));
      dictionary.lineNumbers.push(index(line.line));
    }
    dictionary.locationMappings.push(index(location.mappingIndex));
    dictionary.lineEnds.push(dictionary.lineFunctions.length);
  }
  for (const stack of table("stackTable")) {
    for (const location of indexes(stack, "locationIndices", budget))
      dictionary.stackLocations.push(location);
    dictionary.stackEnds.push(dictionary.stackLocations.length);
  }
  for (const link of table("linkTable")) {
    dictionary.links.push({ traceId: idText(link.traceId, 16), spanId: idText(link.spanId, 8) });
  }
  for (const attribute of table("attributeTable")) {
    const value = valueText(object(attribute.value), 0, false, cuts, dictionary.strings);
    dictionary.attributes.push({
      key: cutName(dictionary.strings[index(attribute.keyStrindex)] ?? "", cuts),
      value: cutValue(value, cuts),
    });
  }
  return dictionary;
}

function readProfile(json: Json, budget: ItemBudget): WireProfile {
  budget.spend(1);
  refuseOld(json, "a profile");
  if (Array.isArray(json.sampleType)) throw wrongVersion("a profile has a list of sample types");
  const sampleType = object(json.sampleType);
  const periodType = object(json.periodType);
  return {
    ...emptyProfile(),
    type: index(sampleType.typeStrindex),
    unit: index(sampleType.unitStrindex),
    periodType: index(periodType.typeStrindex),
    periodUnit: index(periodType.unitStrindex),
    period: integer(json.period),
    timeNanos: integer(json.timeUnixNano),
    durationNanos: integer(json.durationNano),
    attributes: indexes(json, "attributeIndices", budget),
    samples: list(json, json.samples === undefined ? "sample" : "samples").map((sample) =>
      readSample(sample, budget),
    ),
  };
}

function readSample(json: Json, budget: ItemBudget): WireSample {
  budget.spend(1);
  refuseOld(json, "a sample");
  const integers = (name: string) => {
    const found = items(json, name);
    budget.spend(found.length);
    return found.map(integer);
  };
  return {
    ...emptySample(),
    stack: index(json.stackIndex),
    attributes: indexes(json, "attributeIndices", budget),
    link: index(json.linkIndex),
    values: integers("values"),
    timestamps: integers("timestampsUnixNano"),
  };
}

function refuseOld(json: Json, what: string): void {
  const old = OLD_NAMES.find((name) => json[name] !== undefined);
  if (old !== undefined) throw wrongVersion(`${what} has "${old}"`);
}

function indexes(owner: Json, name: string, budget: ItemBudget): number[] {
  const found = items(owner, name);
  budget.spend(found.length);
  return found.map(index);
}

/** Whatever is no index is none of any table, and refused where it is used. */
function index(value: unknown): number {
  return Number(wholeNumber(value) ?? -1n);
}

function integer(value: unknown): bigint {
  const whole = wholeNumber(value);
  if (whole === undefined) throw wrongVersion("a number is not whole");
  return whole;
}
