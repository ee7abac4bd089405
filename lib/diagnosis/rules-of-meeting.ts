/** Why labelled samples do not find what they name. */
import type { ServiceFacts } from "@/lib/diagnosis/facts";
import { counted, type Finding, severityOf } from "@/lib/diagnosis/finding";
import { fixesOf } from "@/lib/diagnosis/fixes";
import { areNearNames } from "@/lib/diagnosis/near-names";
import { formatCountExact as exact, formatDuration } from "@/lib/format";

export function findTraceNotSampled(facts: ServiceFacts): Finding[] {
  const { meetings, samples, service, spans } = facts;
  const { samples: count, traceIds, traces } = meetings.traceMissing;
  if (count === 0) return [];
  const thinned =
    spans.thinned > 0 ? ` Its spans' tracestate says that only a part of the traces is kept.` : "";
  return [
    {
      code: "trace-not-sampled",
      severity: severityOf(count, samples.labelled),
      service,
      sentence: `${exact(count)} of ${exact(samples.labelled)} labelled samples of ${service} name ${counted(traces, "trace")} of which no span is stored: profiled, but not sampled.${thinned}`,
      count,
      of: samples.labelled,
      unit: "labelled samples",
      lostSamples: count,
      traceIds: [], // there is no page of a trace without spans
      evidence: traceIds.map((traceId) => `trace_id=${traceId}`),
      fixes: fixesOf("trace-not-sampled", facts),
    },
  ];
}

export function findSpanMissing(facts: ServiceFacts): Finding[] {
  const { meetings, samples, service } = facts;
  const { samples: count, traceIds } = meetings.spanMissing;
  if (count === 0) return [];
  return [
    {
      code: "span-missing",
      severity: severityOf(count, samples.labelled),
      service,
      sentence: `${exact(count)} of ${exact(samples.labelled)} labelled samples of ${service} name a span that is not stored, though its trace is: it was dropped on the way, or has not ended yet.`,
      count,
      of: samples.labelled,
      unit: "labelled samples",
      lostSamples: count,
      traceIds,
      evidence: [],
      fixes: fixesOf("span-missing", facts),
    },
  ];
}

/** A clock is wrong for all: a stray sample here and there is something else. */
const SYSTEMATIC = 0.01;

export function findClockSkew(facts: ServiceFacts): Finding[] {
  const { meetings, samples, service } = facts;
  const { offsetNs, samples: count, traceIds } = meetings.skewed;
  if (count === 0 || count < samples.labelled * SYSTEMATIC) return [];
  return [
    {
      code: "clock-skew",
      severity: severityOf(count, samples.labelled),
      service,
      sentence: `${exact(count)} of ${exact(samples.labelled)} labelled samples of ${service} lie in profiles ${formatDuration(Math.abs(offsetNs))} ${offsetNs < 0 ? "before" : "after"} the spans they name: the clocks differ, or the profiles say a wrong start.`,
      count,
      of: samples.labelled,
      unit: "labelled samples",
      lostSamples: count,
      traceIds,
      evidence: [],
      fixes: fixesOf("clock-skew", facts),
    },
  ];
}

/** Proved by samples whose span is stored under another name; guessed from names where nothing is labelled. */
export function findNamesDiffer(facts: ServiceFacts, others: readonly ServiceFacts[]): Finding[] {
  const { places, samples, service } = facts;
  const [foreign] = places.foreign;
  const own = places.inEntries.samples + places.inDeeper;
  if (foreign !== undefined && foreign.samples > own) {
    return [
      {
        code: "names-differ",
        severity: severityOf(foreign.samples, samples.labelled),
        service,
        sentence: `${exact(foreign.samples)} of ${exact(samples.labelled)} labelled samples of ${service} name spans of ${foreign.service}: one service under two names.`,
        count: foreign.samples,
        of: samples.labelled,
        unit: "labelled samples",
        lostSamples: foreign.samples,
        traceIds: foreign.traceIds,
        evidence: [foreign.service],
        fixes: fixesOf("names-differ", { ...facts, spanService: foreign.service }),
      },
    ];
  }
  if (facts.spans.spans > 0 || samples.samples === 0) return [];
  const near = others.find(
    (other) => other.samples.samples === 0 && other.spans.spans > 0 && areNearNames(service, other.service),
  );
  if (near === undefined) return [];
  return [
    {
      code: "names-differ",
      severity: "error",
      service,
      sentence: `${service} has ${counted(samples.samples, "sample")} and no span, ${near.service} has ${counted(near.spans.spans, "span")} and no sample: they may be one service under two names.`,
      count: samples.samples,
      of: samples.samples,
      unit: "samples",
      lostSamples: samples.samples,
      traceIds: [],
      evidence: [near.service],
      fixes: fixesOf("names-differ", { ...facts, spanService: near.service }),
    },
  ];
}
