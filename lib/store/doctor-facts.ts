import type { Counted, IdLabelFacts, MeetingFacts, ServiceFacts, SpanFacts } from "@/lib/diagnosis/facts";
import { namesAnId, readIdForm } from "@/lib/diagnosis/id-forms";
import { carriesLabels } from "@/lib/diagnosis/labelless-types";
import { findLeftOverLabels, type LeftOverLabel } from "@/lib/store/doctor-labels";
import { findMeetings, type Meetings } from "@/lib/store/doctor-meetings";
import { countRequests } from "@/lib/store/doctor-requests";
import { countLabels, type LabelShares } from "@/lib/store/doctor-samples";
import type { DoctorScope } from "@/lib/store/doctor-scope";
import { type FoundIds, findIdsReadOtherwise, findStrayTraces, judgeStray } from "@/lib/store/doctor-strays";
import { countTypes } from "@/lib/store/doctor-types";
import { findLanguages } from "@/lib/store/find-languages";

/**
 * All that the rules of lib/diagnosis want to know, of every service in the scope, by name.
 * @throws HotspanError as queryRows
 */
export async function findServiceFacts(scope: DoctorScope, signal?: AbortSignal): Promise<ServiceFacts[]> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const [shares, meetings, requests, labels, types] = await Promise.all([
    countLabels(scope, signal),
    findMeetings(scope, now, signal),
    countRequests(scope, signal),
    findLeftOverLabels(scope, signal),
    countTypes(scope, signal),
  ]);
  const values = [...labels.values()].flat().flatMap((label) => label.values);
  const [traces, ids, languages] = await Promise.all([
    findStrayTraces(meetings.values(), signal),
    findIdsReadOtherwise(scope, meetings.values(), values, signal),
    findLanguages([...requests.keys()], scope, signal),
  ]);
  const names = new Set([...shares.keys(), ...requests.keys(), ...types.keys()]);
  return [...names].sort().map((service): ServiceFacts => {
    const share = shares.get(service) ?? NO_SAMPLES;
    const own = labels.get(service) ?? [];
    const overwritten = own.filter(({ ownUntied }) => ownUntied > 0);
    const meeting = meetings.get(service);
    const language = languages.get(service) ?? "";
    return {
      service,
      language,
      samples: {
        ...share,
        // Of several keys the one on most samples: some samples have two of them, and none may be counted twice.
        otherLabelsOnly: Math.max(share.endpointOnly, ...overwritten.map(({ ownUntied }) => ownUntied)),
        otherLabelKeys: [
          ...(share.endpointOnly > 0 ? ["endpoint"] : []),
          ...overwritten.slice(0, 4).map(({ key }) => key),
        ],
      },
      meetings: meeting === undefined ? NOTHING_LABELLED : settle(meeting, traces, ids),
      places: meeting?.places ?? NOWHERE,
      spans: requests.get(service) ?? NO_SPANS,
      idLabels: own.flatMap((label) => recogniseIds(label, ids)),
      labellessTypes: (types.get(service) ?? []).filter(({ type }) => !carriesLabels(type, language)),
    };
  });
}

const NO_SAMPLES: LabelShares = {
  samples: 0,
  profiles: 0,
  unlabelledProfiles: 0,
  profiledNs: 0,
  labelled: 0,
  withSpan: 0,
  withEndpoint: 0,
  endpointOnly: 0,
  periodNs: 0,
};
const NO_SPANS: SpanFacts = {
  spans: 0,
  entries: 0,
  entryNs: 0,
  coveredEntries: 0,
  coveredNs: 0,
  shortEntries: 0,
  longEntries: 0,
  sampledEntries: 0,
  deeperSpans: 0,
  deeperNs: 0,
  thinned: 0,
  uncoveredTraceIds: [],
};
const NONE: Counted = { samples: 0, traceIds: [] };
const NOWHERE = { foreign: [], inEntries: NONE, inDeeper: 0 };
const NOTHING_LABELLED: MeetingFacts = {
  met: 0,
  waiting: 0,
  spanMissing: NONE,
  traceMissing: { ...NONE, traces: 0 },
  otherForm: { ...NONE, form: "" },
  skewed: { ...NONE, offsetNs: 0 },
};

/** What was found elsewhere is counted where it belongs; strays that were not looked for stay missing. */
function settle(
  meetings: Meetings,
  traces: Awaited<ReturnType<typeof findStrayTraces>>,
  ids: FoundIds,
): MeetingFacts {
  let met = meetings.met;
  let missing = meetings.unknown.samples;
  let missingTraces = meetings.unknown.traces;
  let form = "";
  let offsetNs = meetings.skewed.offsetNs;
  const spanMissing = new Tally(meetings.spanMissing);
  const skewed = new Tally(meetings.skewed);
  const otherForm = new Tally(NONE);
  const foundTraces = new Set<string>();
  for (const stray of meetings.strays) {
    const fate = judgeStray(stray, traces, ids);
    if (fate.kind === "trace-missing") continue;
    missing -= stray.samples;
    foundTraces.add(stray.traceId);
    if (fate.kind === "met") met += stray.samples;
    if (fate.kind === "span-missing") spanMissing.add(stray.samples, stray.traceId);
    if (fate.kind === "skewed") {
      if (skewed.samples === 0) offsetNs = fate.offsetNs;
      skewed.add(stray.samples, stray.traceId);
    }
    if (fate.kind === "other-form") {
      form ||= fate.form;
      otherForm.add(stray.samples, fate.traceId);
    }
  }
  missingTraces -= foundTraces.size;
  return {
    met,
    waiting: meetings.waiting,
    spanMissing: spanMissing.sum(),
    traceMissing: {
      samples: missing,
      traceIds: meetings.unknown.traceIds.filter((traceId) => !foundTraces.has(traceId)),
      traces: missing === 0 ? 0 : Math.max(1, missingTraces),
    },
    otherForm: { ...otherForm.sum(), form },
    skewed: { ...skewed.sum(), offsetNs },
  };
}

const EXAMPLES = 3;

class Tally {
  samples: number;
  private readonly traceIds: Set<string>;

  constructor(start: Counted) {
    this.samples = start.samples;
    this.traceIds = new Set(start.traceIds);
  }

  add(samples: number, traceId: string): void {
    this.samples += samples;
    if (this.traceIds.size < EXAMPLES) this.traceIds.add(traceId);
  }

  sum(): Counted {
    return { samples: this.samples, traceIds: [...this.traceIds] };
  }
}

/** A label counts when its key says that it is an id, or when its values name what is stored. */
function recogniseIds({ key, samples, values }: LeftOverLabel, ids: FoundIds): IdLabelFacts[] {
  const traceIds = new Set<string>();
  let form = "";
  let kind: "trace" | "span" = "span";
  for (const value of values) {
    const reading = readIdForm(value);
    if (reading === undefined) continue;
    const whole = reading.kind === "span" ? ids.traceOfTail.get(reading.hex) : undefined;
    const traceId =
      reading.kind === "trace"
        ? ids.traces.has(reading.hex) && reading.hex
        : (ids.traceOfSpan.get(reading.hex) ?? whole);
    if (form === "" || (traceIds.size === 0 && traceId)) {
      form = reading.form;
      kind = whole === undefined ? reading.kind : "trace";
    }
    if (traceId) traceIds.add(traceId);
  }
  if (form === "" || (traceIds.size === 0 && !namesAnId(key))) return [];
  return [
    {
      key,
      form,
      kind,
      samples,
      values: values.slice(0, EXAMPLES),
      confirmed: traceIds.size > 0,
      traceIds: [...traceIds].slice(0, EXAMPLES),
    },
  ];
}
