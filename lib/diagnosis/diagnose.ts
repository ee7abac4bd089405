import type { ServiceFacts } from "@/lib/diagnosis/facts";
import { counted, type Finding, type Severity } from "@/lib/diagnosis/finding";
import {
  findEntryOnly,
  findIdsUnreadable,
  findLabelsMissing,
  findLabelsOverwritten,
} from "@/lib/diagnosis/rules-of-labels";
import {
  findClockSkew,
  findNamesDiffer,
  findSpanMissing,
  findTraceNotSampled,
} from "@/lib/diagnosis/rules-of-meeting";
import { findLabellessTypes, findNoWindow, findTooShort } from "@/lib/diagnosis/rules-of-time";
import { formatCountExact as exact } from "@/lib/format";

/**
 * `unprofiled`: it sends traces and no profiles, which is not yet wrong. `none`: there is nothing that could meet, and nothing
 * wrong with that.
 */
export type Verdict = "healthy" | "impaired" | "broken" | "unprofiled" | "none";

type Rule = (facts: ServiceFacts, others: readonly ServiceFacts[]) => Finding[];

const RULES: readonly Rule[] = [
  findNamesDiffer,
  findTraceNotSampled,
  findSpanMissing,
  findClockSkew,
  findIdsUnreadable,
  findLabelsMissing,
  findLabelsOverwritten,
  findNoWindow,
  findEntryOnly,
  findTooShort,
  findLabellessTypes,
];

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** @returns all findings of all services: faults before notes, among each what costs the most samples first */
export function diagnose(services: readonly ServiceFacts[]): Finding[] {
  const findings = services.flatMap((facts) => RULES.flatMap((rule) => rule(facts, services)));
  return findings.sort(
    (a, b) =>
      Number(a.severity === "note") - Number(b.severity === "note") ||
      b.lostSamples - a.lostSamples ||
      RANK[a.severity] - RANK[b.severity] ||
      b.count - a.count,
  );
}

/** @param findings of the service */
export function judge(
  facts: ServiceFacts,
  findings: readonly Finding[],
): { verdict: Verdict; sentence: string } {
  const [worst] = findings
    .filter(({ severity }) => severity !== "note")
    .sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  if (worst !== undefined) {
    if (worst.code === "no-window" && facts.samples.profiles === 0) {
      return { verdict: "unprofiled", sentence: worst.sentence };
    }
    return { verdict: worst.severity === "error" ? "broken" : "impaired", sentence: worst.sentence };
  }
  const { meetings, samples, spans } = facts;
  if (samples.labelled === 0) {
    const sentence =
      samples.samples > 0
        ? `${counted(samples.samples, "sample")} and no request: nothing to meet.`
        : spans.spans > 0
          ? "Its requests are seen and profiled, and no sample fell into them."
          : "Nothing was sent in this time.";
    return { verdict: "none", sentence };
  }
  return {
    verdict: "healthy",
    sentence:
      meetings.met === samples.labelled
        ? "Every labelled sample meets its span."
        : `${exact(meetings.met)} of ${exact(samples.labelled)} labelled samples meet their span${meetings.waiting > 0 ? "; spans of the last minute may still be on their way" : ""}.`,
  };
}
