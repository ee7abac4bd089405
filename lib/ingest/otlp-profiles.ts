/**
 * OTLP profiles (experimental: the signal is in development, its messages alpha) to rows. One pprof of N sample types
 * travels as N profiles over the same stacks: those of one scope, time, duration and period become one profile again.
 */
import { createHash } from "node:crypto";
import { HotspanError } from "@/lib/errors";
import { Tally } from "@/lib/ingest/otlp-limits";
import { checkProfiles } from "@/lib/ingest/otlp-profiles-check";
import { readProfilesJson } from "@/lib/ingest/otlp-profiles-json";
import { readProfilesProtobuf } from "@/lib/ingest/otlp-profiles-protobuf";
import {
  ItemBudget,
  type ProfileDictionary,
  type WireProfile,
  type WireScope,
} from "@/lib/ingest/otlp-profiles-wire";
import type { OtlpEncoding } from "@/lib/ingest/otlp-traces";
import { ProfileDraft } from "@/lib/ingest/profile-draft";
import { labelsOfResource, labelText, serviceOfProcess } from "@/lib/ingest/resource-labels";
import { instanceFromLabels } from "@/lib/profile/instance";
import { encodeProfileRows, type ProfileRows } from "@/lib/store/profile-row";
import type { UnixNano } from "@/lib/units";

/** Of one request: each is stored for itself. */
const MAX_PROFILES = 2_000;

export interface OtlpProfilesUpload {
  readonly bytes: Uint8Array;
  readonly encoding: OtlpEncoding;
  readonly receivedUnixNano: UnixNano;
  readonly source: string;
}

export interface OtlpProfileRows {
  readonly profiles: readonly ProfileRows[];
  /** As the sender counts profiles. */
  readonly rejectedProfiles: number;
  /** Why, and what was cut from the others; "" when all is well. */
  readonly message: string;
}

/**
 * @returns the same rows for the same bytes but for the day they were received on
 * @throws HotspanError `invalid-input` naming what is wrong and the version that is needed, or `too-large`
 */
export function decodeOtlpProfiles(upload: OtlpProfilesUpload): OtlpProfileRows {
  const { encoding, receivedUnixNano, source } = upload;
  const bytes = Buffer.from(upload.bytes.buffer, upload.bytes.byteOffset, upload.bytes.byteLength);
  const cuts = new Tally();
  const rejected = new Tally();
  const budget = new ItemBudget();
  const read = encoding === "protobuf" ? readProfilesProtobuf : readProfilesJson;
  const { dictionary, scopes } = read(bytes, cuts, budget);
  checkProfiles(dictionary, scopes);

  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const received = new Date(Number(receivedUnixNano / 1_000_000n)).toISOString().slice(0, 10);
  const profiles: ProfileRows[] = [];
  const groups = scopes.flatMap((scope) => groupProfiles(scope).map((group) => ({ group, scope })));
  if (groups.length > MAX_PROFILES) {
    throw new HotspanError(
      "too-large",
      `One request has ${groups.length} profiles; the limit is ${MAX_PROFILES}.`,
    );
  }
  groups.forEach(({ group, scope }, index) => {
    try {
      const { language, profile } = buildProfile(dictionary, scope, group, receivedUnixNano, budget);
      const identity = createHash("sha256").update(`${sha256} otlp ${index}`).digest("hex");
      profiles.push(encodeProfileRows(profile, { sha256: identity, source, language }, received));
    } catch (error) {
      if (!(error instanceof HotspanError)) throw error;
      rejected.add(error.message, group.length);
    }
  });
  const sentences = [
    rejected.total === 0
      ? ""
      : `OTLP profiles are experimental here; ${rejected.total} refused: ${rejected.describe()}`,
    cuts.total === 0 ? "" : `Kept, but: ${cuts.describe()}.`,
  ];
  return {
    profiles,
    rejectedProfiles: rejected.total,
    message: sentences.filter((sentence) => sentence !== "").join(" "),
  };
}

/** Profiles without samples have nothing to store. A type that comes twice is another profile's. */
function groupProfiles({ profiles }: WireScope): WireProfile[][] {
  const open = new Map<string, WireProfile[][]>();
  for (const profile of profiles) {
    if (profile.samples.length === 0) continue;
    const { durationNanos, period, periodType, periodUnit, timeNanos } = profile;
    const key = [timeNanos, durationNanos, periodType, periodUnit, period, ...profile.attributes].join();
    const groups = open.get(key) ?? [];
    open.set(key, groups);
    const group = groups.find((group) => group.every(({ type }) => type !== profile.type));
    if (group === undefined) groups.push([profile]);
    else group.push(profile);
  }
  return [...open.values()].flat();
}

function buildProfile(
  dictionary: ProfileDictionary,
  { resource }: WireScope,
  group: readonly WireProfile[],
  receivedUnixNano: UnixNano,
  budget: ItemBudget,
) {
  const { strings } = dictionary;
  const [first] = group;
  if (first === undefined) throw new Error("A group has at least one profile.");
  const period = {
    type: strings[first.periodType] ?? "",
    unit: strings[first.periodUnit] ?? "",
    period: first.period,
  };
  const types = group.map(({ type, unit }) => ({ type: strings[type] ?? "", unit: strings[unit] ?? "" }));
  const processLabels = new Map([...labelsOfResource(resource), ...labelsOf(dictionary, first.attributes)]);
  const draft = new ProfileDraft(types, period, processLabels);
  const stacks = new Map<number, number>();
  const ties = new Map<string, ReturnType<typeof draft.labels.read>>();
  group.forEach((profile, type) => {
    for (const sample of profile.samples) {
      let stack = stacks.get(sample.stack);
      if (stack === undefined) {
        stack = addStack(draft, dictionary, sample.stack, budget);
        stacks.set(sample.stack, stack);
      }
      const key = `${sample.link},${sample.attributes.join()}`;
      let tie = ties.get(key);
      if (tie === undefined) {
        const link = sample.link === 0 ? undefined : dictionary.links[sample.link];
        tie = draft.labels.read(labelsOf(dictionary, sample.attributes), link);
        ties.set(key, tie);
      }
      draft.add({ stack, tie, type, values: sample.values, timestamps: sample.timestamps });
    }
  });
  return draft.build({
    service: serviceOfProcess(resource),
    instance: instanceFromLabels(resource),
    time: { timeNanos: first.timeNanos, durationNanos: first.durationNanos },
    asked: { receivedUnixNano },
  });
}

function addStack(
  draft: ProfileDraft,
  dictionary: ProfileDictionary,
  stack: number,
  budget: ItemBudget,
): number {
  const { lineEnds, lineFunctions, lineNumbers, locationMappings, mappingFiles, stackEnds, strings } =
    dictionary;
  const functions: number[] = [];
  const lines: number[] = [];
  const stop = stackEnds[stack] ?? 0;
  for (let at = stack === 0 ? 0 : (stackEnds[stack - 1] ?? 0); at < stop; at++) {
    const location = dictionary.stackLocations[at] ?? 0;
    const innermost = location === 0 ? 0 : (lineEnds[location - 1] ?? 0);
    const afterOutermost = lineEnds[location] ?? 0;
    const mappingFile = strings[mappingFiles[locationMappings[location] ?? 0] ?? 0] ?? "";
    budget.spend(1 + afterOutermost - innermost);
    if (innermost === afterOutermost) {
      functions.push(draft.frames.addFunction("", "", "", 0, mappingFile));
      lines.push(0);
    }
    for (let line = innermost; line < afterOutermost; line++) {
      const fn = lineFunctions[line] ?? 0;
      functions.push(
        draft.frames.addFunction(
          strings[dictionary.functionNames[fn] ?? 0] ?? "",
          strings[dictionary.functionSystemNames[fn] ?? 0] ?? "",
          strings[dictionary.functionFiles[fn] ?? 0] ?? "",
          lineOf(dictionary.functionStartLines[fn] ?? 0),
          mappingFile,
        ),
      );
      lines.push(lineOf(lineNumbers[line] ?? 0));
    }
  }
  return draft.frames.addStack(functions, lines);
}

function labelsOf({ attributes }: ProfileDictionary, indexes: readonly number[]): [string, string][] {
  return indexes.map((index) => {
    const { key = "", value = "" } = attributes[index] ?? {};
    return [key, labelText(value)];
  });
}

function lineOf(line: number): number {
  return line > 0 && line <= 0xffff_ffff ? line : 0;
}
