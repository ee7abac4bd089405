import type { Certainty, SampleSelector } from "@/lib/correlation/selector";

/** `labelled`: samples that name the trace or a span of it. `process`: whole-process profiles captured for the trace. */
export type TieRule = "labelled" | "process";

/** How one sample row is tied, as stored (`samples.tie`). */
export type Tie = "none" | "process" | "trace" | "span";

/** Samples of the selected trace and type by tie, over all its services. */
export interface TiesFound {
  readonly labelled: number;
  readonly process: number;
}

/**
 * The rules to try for a selector, strongest first; empty when it names neither a trace nor a span. The first rule that
 * finds samples is used alone: a capture of the whole process holds other requests too, so adding it to labelled
 * samples would count some CPU twice and give the trace what it did not use. A span is never given a capture.
 */
export function tieRules(selector: Pick<SampleSelector, "traceId" | "spanId">): readonly TieRule[] {
  if (selector.spanId !== undefined) return ["labelled"];
  return selector.traceId === undefined ? [] : ["labelled", "process"];
}

/**
 * @returns the rule in force, undefined when the selector needs none. Where nothing is found it is the strongest.
 * It depends on the whole trace, never on its service or endpoint filter, so the parts of a trace add up to it.
 */
export function chooseTieRule(
  selector: Pick<SampleSelector, "traceId" | "spanId">,
  found: TiesFound,
): TieRule | undefined {
  const rules = tieRules(selector);
  return rules.find((rule) => found[rule] > 0) ?? rules[0];
}

/** @param weakest the weakest tie among the samples used: an answer is as certain as its least certain sample */
export function certaintyOf(rule: TieRule | undefined, weakest: Tie): Certainty {
  if (rule === undefined) return "range";
  if (rule === "process") return "process-capture";
  return weakest === "trace" ? "trace-label" : "span-label";
}
