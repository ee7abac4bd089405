import { type ProfileDictionary, type WireScope, wrongVersion } from "@/lib/ingest/otlp-profiles-wire";

/**
 * Every index is within its table, index 0 of the strings is "", and each sample has a value or a time: what holds of
 * any message of 1.10, and hardly of one whose fields had other numbers.
 * @throws HotspanError `invalid-input` naming the first that is not, and the version that is needed
 */
export function checkProfiles(dictionary: ProfileDictionary, scopes: readonly WireScope[]): void {
  const profiles = scopes.flatMap((scope) => scope.profiles);
  if (profiles.every(({ samples }) => samples.length === 0) && dictionary.strings.length === 0) return;
  if (dictionary.strings[0] !== "") throw wrongVersion('string_table[0] is not ""');
  const strings = dictionary.strings.length;
  const functions = dictionary.functionNames.length;
  check("mapping.filename_strindex", dictionary.mappingFiles, strings);
  check("function.name_strindex", dictionary.functionNames, strings);
  check("function.system_name_strindex", dictionary.functionSystemNames, strings);
  check("function.filename_strindex", dictionary.functionFiles, strings);
  check("location.mapping_index", dictionary.locationMappings, orOne(dictionary.mappingFiles.length));
  check("line.function_index", dictionary.lineFunctions, orOne(functions));
  check("stack.location_indices", dictionary.stackLocations, dictionary.locationMappings.length);
  const stacks = orOne(dictionary.stackEnds.length);
  const attributes = dictionary.attributes.length;
  const links = orOne(dictionary.links.length);
  for (const profile of profiles) {
    if (profile.samples.length === 0) continue;
    check("sample_type", [profile.type, profile.unit], strings);
    check("period_type", [profile.periodType, profile.periodUnit], strings);
    check("profile.attribute_indices", profile.attributes, attributes);
    if (dictionary.strings[profile.type] === "") throw wrongVersion("a profile has no sample_type");
    for (const sample of profile.samples) {
      if (sample.values.length === 0 && sample.timestamps.length === 0) {
        throw wrongVersion("a sample has neither values nor timestamps");
      }
      checkOne("sample.stack_index", sample.stack, stacks);
      checkOne("sample.link_index", sample.link, links);
      check("sample.attribute_indices", sample.attributes, attributes);
    }
  }
}

/** Index 0 is the null value, which an absent table has as well. */
function orOne(length: number): number {
  return Math.max(1, length);
}

function check(what: string, indexes: readonly number[], length: number): void {
  for (const index of indexes) checkOne(what, index, length);
}

function checkOne(what: string, index: number, length: number): void {
  if (!(index >= 0 && index < length)) throw wrongVersion(`${what} is ${index}, of a table of ${length}`);
}
