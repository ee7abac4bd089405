import type { TraceResponse } from "@/lib/api/contract";
import type { DoctorResponse } from "@/lib/api/doctor-contract";
import type { DoctorQuery, TimeRange } from "@/lib/api/query";
import { diagnose, judge } from "@/lib/diagnosis/diagnose";
import type { ServiceFacts } from "@/lib/diagnosis/facts";
import type { Finding } from "@/lib/diagnosis/finding";
import { fixesOf } from "@/lib/diagnosis/fixes";
import { isFindingCode } from "@/lib/diagnosis/reason";
import { findServiceFacts } from "@/lib/store/doctor-facts";
import { findDoctorScope } from "@/lib/store/doctor-scope";
import { findTrace } from "@/lib/store/find-trace";
import { unixNano } from "@/lib/units";

/** Profiles and late spans of a trace lie around it. */
const AROUND_TRACE_NANOS = 300_000_000_000n;

/**
 * Why samples and spans do not meet: of all services, of one, or of those of a trace.
 * @throws HotspanError `not-found` for a trace without spans, and as queryRows
 */
export async function answerDoctor(query: DoctorQuery, signal?: AbortSignal): Promise<DoctorResponse> {
  const trace = query.traceId === undefined ? undefined : await findTrace(query.traceId, signal);
  const own = new Set(trace?.spans.map(({ service }) => service));
  const range: TimeRange =
    trace === undefined || query.from !== undefined || query.to !== undefined ? query : aroundTrace(trace);
  const scope = await findDoctorScope(range, query.service, signal);
  const facts = await findServiceFacts(scope, signal);
  const isAsked = (service: string) =>
    (query.service === undefined || service === query.service) && (trace === undefined || own.has(service));
  const findings = diagnose(facts);
  const asked = findings.filter((finding) => servicesOf(finding).some(isAsked));
  return {
    fromUnixNano: String(scope.from),
    toUnixNano: String(scope.to),
    cut: scope.cut,
    services: facts
      .filter(({ service }) => isAsked(service))
      .map((service) => toDoctorService(service, findings)),
    findings: asked.map((finding) => ({
      ...finding,
      traceIds: [...finding.traceIds],
      evidence: [...finding.evidence],
      fixes: [...finding.fixes],
    })),
    trace: trace === undefined ? null : toDoctorTrace(trace, facts),
  };
}

/** Where one service has two names, the finding is about both. */
function servicesOf({ code, evidence, service }: Finding): readonly string[] {
  return code === "names-differ" ? [service, ...evidence] : [service];
}

function aroundTrace(trace: { startUnixNano: string; durationNs: number }): TimeRange {
  const start = BigInt(trace.startUnixNano);
  return {
    from: unixNano(start > AROUND_TRACE_NANOS ? start - AROUND_TRACE_NANOS : 0n),
    to: unixNano(start + BigInt(Math.round(trace.durationNs)) + AROUND_TRACE_NANOS),
  };
}

function toDoctorTrace(trace: TraceResponse, facts: readonly ServiceFacts[]): DoctorResponse["trace"] {
  const { noSamplesCode: code, noSamplesReason: sentence, sampleCount, spans, traceId } = trace;
  const service = spans[0]?.service ?? "";
  const language = facts.find((known) => known.service === service)?.language ?? "";
  const fixes = code === null || !isFindingCode(code) ? [] : fixesOf(code, { service, language });
  return { traceId, sampleCount, code, sentence, fixes: [...fixes] };
}

function toDoctorService(
  facts: ServiceFacts,
  findings: readonly Finding[],
): DoctorResponse["services"][number] {
  const { language, meetings, samples, service, spans } = facts;
  return {
    service,
    language,
    samples: samples.samples,
    labelled: samples.labelled,
    withSpan: samples.withSpan,
    withEndpoint: samples.withEndpoint,
    met: meetings.met,
    profiles: samples.profiles,
    spans: spans.spans,
    requests: spans.entries,
    requestNs: spans.entryNs,
    coveredRequests: spans.coveredEntries,
    coveredNs: spans.coveredNs,
    longRequests: spans.longEntries,
    sampledRequests: spans.sampledEntries,
    ...judge(
      facts,
      findings.filter((finding) => servicesOf(finding).includes(service)),
    ),
  };
}
