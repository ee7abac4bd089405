/** What is wrong with the labels that samples carry, or do not. */
import type { ServiceFacts } from "@/lib/diagnosis/facts";
import { counted, type Finding, severityOf } from "@/lib/diagnosis/finding";
import { fixesOf } from "@/lib/diagnosis/fixes";
import { formatCountExact as exact, formatPercent } from "@/lib/format";
import { TELLING_SAMPLES } from "./explain-no-samples";

/**
 * Runtime work (garbage collection, schedulers) has no request and never will: unlabelled samples are a fault when they
 * are more than half, or when whole profiles have no label while others do.
 */
const MOSTLY_UNLABELLED = 0.5;
/** An idle process spends less than this share of its time in its runtime; what it spends says nothing about labels. */
const IDLE = 0.01;

export function findLabelsMissing(facts: ServiceFacts): Finding[] {
  const { samples, service, spans } = facts;
  const ids = confirmedIdSamples(facts);
  const unlabelled = samples.samples - samples.labelled - samples.otherLabelsOnly - ids;
  if (spans.spans === 0 && samples.labelled === 0) return []; // nothing to meet
  if (unlabelled <= 0) return [];
  const isIdle = unlabelled * samples.periodNs < IDLE * samples.profiledNs;
  const finding = {
    code: "labels-missing",
    service,
    unit: "samples",
    of: samples.samples,
    lostSamples: unlabelled,
    traceIds: [],
    evidence: [],
    fixes: fixesOf("labels-missing", facts),
  } as const;
  if (samples.labelled === 0 && samples.otherLabelsOnly === 0 && ids === 0) {
    const sentence = `None of the ${exact(samples.samples)} CPU samples of ${service} carries a trace or span id.`;
    return [{ ...finding, severity: isIdle ? "note" : "error", sentence, count: unlabelled }];
  }
  const { profiles, unlabelledProfiles } = samples;
  if (unlabelledProfiles > 0 && unlabelledProfiles * 10 >= profiles && samples.labelled > 0) {
    return [
      {
        ...finding,
        severity: severityOf(unlabelledProfiles, profiles),
        sentence: `${exact(unlabelledProfiles)} of ${counted(profiles, "profile")} of ${service} have no labelled sample at all: one of its processes labels nothing, or nothing was traced meanwhile.`,
        count: unlabelledProfiles,
        of: profiles,
        unit: "profiles",
      },
    ];
  }
  if (isIdle || unlabelled < samples.samples * MOSTLY_UNLABELLED) return [];
  return [
    {
      ...finding,
      severity: "warning",
      sentence: `${formatPercent(unlabelled / samples.samples)} of the samples of ${service} carry no label: goroutines or callbacks that were started outside a request, or handlers without the middleware.`,
      count: unlabelled,
    },
  ];
}

export function findLabelsOverwritten(facts: ServiceFacts): Finding[] {
  const { samples, service, spans } = facts;
  const ids = confirmedIdSamples(facts);
  const count = samples.otherLabelsOnly - ids;
  if (count <= 0 || (samples.labelled === 0 && spans.spans === 0)) return [];
  // Labels without an endpoint may be those of background work, which belongs to no request.
  const severity = severityOf(count, samples.samples);
  const sure = samples.endpointOnly * 2 > count;
  return [
    {
      code: "labels-overwritten",
      severity: sure || severity === "note" ? severity : "warning",
      service,
      sentence: `${exact(count)} of ${counted(samples.samples, "sample")} of ${service} have ${samples.endpointOnly === count ? "an endpoint" : "labels"}, but neither a trace nor a span id: ${sure ? "labels set later took the place of the first" : "labels set later took the place of the first, or the work belongs to no request"}.`,
      count,
      of: samples.samples,
      unit: "samples",
      lostSamples: count,
      traceIds: [],
      evidence: samples.otherLabelKeys,
      fixes: fixesOf("labels-overwritten", facts),
    },
  ];
}

/** Each label by itself: two of them may be on the same samples. */
export function findIdsUnreadable(facts: ServiceFacts): Finding[] {
  const { meetings, samples, service } = facts;
  const labels = facts.idLabels.map(
    ({ confirmed, form, key, kind, samples: count, traceIds, values }): Finding => ({
      code: "ids-unreadable",
      severity: confirmed ? severityOf(count, samples.samples) : "note",
      service,
      sentence: `${exact(count)} of ${counted(samples.samples, "sample")} of ${service} carry a label "${key}" whose values ${confirmed ? "name stored spans when they are" : "may be"} read as ${kind} ids (${form}).`,
      count,
      of: samples.samples,
      unit: "samples",
      lostSamples: confirmed ? count : 0,
      traceIds,
      evidence: values.map((value) => `${key}=${value}`),
      fixes: fixesOf("ids-unreadable", { ...facts, labelKey: key }),
    }),
  );
  const { form, samples: count, traceIds } = meetings.otherForm;
  if (count === 0) return labels;
  return [
    ...labels,
    {
      code: "ids-unreadable",
      severity: severityOf(count, samples.labelled),
      service,
      sentence: `${exact(count)} of ${exact(samples.labelled)} labelled samples of ${service} name no stored trace, but would when their ids are read as ${form}.`,
      count,
      of: samples.labelled,
      unit: "labelled samples",
      lostSamples: count,
      traceIds,
      evidence: [],
      fixes: fixesOf("ids-unreadable", facts),
    },
  ];
}

export function findEntryOnly(facts: ServiceFacts): Finding[] {
  const { places, samples, service, spans } = facts;
  const { samples: count, traceIds } = places.inEntries;
  const expected = samples.periodNs === 0 ? 0 : spans.deeperNs / samples.periodNs;
  if (count < TELLING_SAMPLES || places.inDeeper > 0 || expected < TELLING_SAMPLES) return [];
  return [
    {
      code: "entry-only",
      severity: "warning",
      service,
      sentence: `All ${exact(count)} labelled samples of ${service} name the span of the request itself, none of its ${counted(spans.deeperSpans, "inner span")}: a span's own flame graph stays empty.`,
      count,
      of: samples.labelled,
      unit: "labelled samples",
      lostSamples: 0, // the trace has them all
      traceIds,
      evidence: [],
      fixes: fixesOf("entry-only", facts),
    },
  ];
}

/** Samples whose ids are there, under a key or in a form that is not understood: no label is missing on those. */
function confirmedIdSamples({ idLabels }: ServiceFacts): number {
  return Math.max(0, ...idLabels.filter(({ confirmed }) => confirmed).map(({ samples }) => samples));
}
