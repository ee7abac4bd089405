/** What lies in the nature of profiling: when, how often, and of what it takes samples. */
import type { ServiceFacts } from "@/lib/diagnosis/facts";
import { counted, type Finding, type Severity } from "@/lib/diagnosis/finding";
import { fixesOf } from "@/lib/diagnosis/fixes";
import { areNearNames } from "@/lib/diagnosis/near-names";
import { formatCountExact as exact, formatPercent } from "@/lib/format";

/** Ten seconds of each minute are a usual way to profile: it is enough for endpoints, and told as a note. */
const HARDLY_COVERED = 0.1;
const ALL_BUT_COVERED = 0.95;

export function findNoWindow(facts: ServiceFacts, others: readonly ServiceFacts[]): Finding[] {
  const { meetings, samples, service, spans } = facts;
  const count = spans.entries - spans.coveredEntries;
  const covered = spans.entries === 0 ? 1 : spans.coveredEntries / spans.entries;
  if (covered >= ALL_BUT_COVERED) return [];
  if (samples.samples === 0 && isProfiledUnderAnotherName(facts, others)) return [];
  if (meetings.skewed.samples * 2 > samples.labelled) return []; // right clocks will bring the windows back
  const sentence =
    spans.coveredEntries === 0
      ? `None of the ${counted(spans.entries, "request")} of ${service} fell into a CPU profile of it${samples.profiles === 0 ? ": there is none in this time" : ""}.`
      : `${formatPercent(1 - covered)} of the requests of ${service} fell between its CPU profiles.`;
  // What the covered requests had, the others would have had.
  const perRequest = spans.coveredEntries === 0 ? 0 : samples.labelled / spans.coveredEntries;
  return [
    {
      code: "no-window",
      severity: severityOfCover(spans.coveredEntries, covered, samples.profiles),
      service,
      sentence,
      count,
      of: spans.entries,
      unit: "requests",
      lostSamples: Math.round(perRequest * count),
      traceIds: spans.uncoveredTraceIds,
      evidence: [],
      fixes: fixesOf("no-window", facts),
    },
  ];
}

/** Who was never profiled may not want to be; who is profiled, and at the wrong times, does. */
function severityOfCover(coveredEntries: number, covered: number, profiles: number): Severity {
  if (coveredEntries === 0) return profiles === 0 ? "warning" : "error";
  return covered < HARDLY_COVERED ? "warning" : "note";
}

/** Then the names are the finding, and mending them is all there is to do. */
function isProfiledUnderAnotherName({ service }: ServiceFacts, others: readonly ServiceFacts[]): boolean {
  return others.some(
    (other) =>
      other.places.foreign.some((foreign) => foreign.service === service) ||
      (other.spans.spans === 0 && other.samples.samples > 0 && areNearNames(service, other.service)),
  );
}

export function findTooShort(facts: ServiceFacts): Finding[] {
  const { samples, service, spans } = facts;
  const { coveredEntries: of, shortEntries: count } = spans;
  if (count === 0 || count * 2 < of || samples.periodNs === 0) return [];
  return [
    {
      code: "too-short",
      severity: "note",
      service,
      sentence: `${exact(count)} of ${counted(of, "request")} of ${service} are shorter than the ${formatMillis(samples.periodNs)} between two samples: most of them have none, however much they compute.`,
      count,
      of,
      unit: "requests",
      lostSamples: 0,
      traceIds: [],
      evidence: [],
      fixes: fixesOf("too-short", facts),
    },
  ];
}

export function findLabellessTypes(facts: ServiceFacts): Finding[] {
  const { labellessTypes, service } = facts;
  const count = labellessTypes.reduce((sum, { records }) => sum + records, 0);
  if (count === 0) return [];
  return [
    {
      code: "type-without-labels",
      severity: "note",
      service,
      sentence: `Heap and lock profiles of ${service} belong to the whole process: its profiler puts no labels on them.`,
      count,
      of: count,
      unit: "samples",
      lostSamples: 0,
      traceIds: [],
      evidence: labellessTypes.map(({ type }) => type),
      fixes: fixesOf("type-without-labels", facts),
    },
  ];
}

function formatMillis(nanos: number): string {
  return `${Number((nanos / 1_000_000).toPrecision(3))} ms`;
}
