/** Why a flame graph is empty, or less than it could be: the names by which badge, page, link and interface mean the same. */

/** What stands between samples and spans; the doctor's page has a section for each. */
export const FINDING_CODES = [
  "trace-not-sampled",
  "span-missing",
  "no-window",
  "names-differ",
  "labels-missing",
  "labels-overwritten",
  "entry-only",
  "ids-unreadable",
  "too-short",
  "clock-skew",
  "type-without-labels",
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** Further reasons for an empty selection. None of them is a fault, so the doctor has nothing to say to them. */
export const SELECTION_CODES = [
  "waiting",
  "captured",
  "elsewhere",
  "unknown-trace",
  "nothing-stored",
  "other-type",
  "nothing-matches",
  "frame-gone",
] as const;
export type SelectionCode = (typeof SELECTION_CODES)[number];

export type ReasonCode = FindingCode | SelectionCode;

export interface EmptyReason {
  readonly code: ReasonCode;
  /** For the user: why, and what to do about it where something can be done. */
  readonly sentence: string;
}

const NAMES: Readonly<Record<ReasonCode, string>> = {
  "trace-not-sampled": "Trace not sampled",
  "span-missing": "Span missing",
  "no-window": "No profile at that time",
  "names-differ": "Service names differ",
  "labels-missing": "Labels missing",
  "labels-overwritten": "Labels overwritten",
  "entry-only": "Only root spans labelled",
  "ids-unreadable": "Ids in another form",
  "too-short": "Shorter than the sampling interval",
  "clock-skew": "Clocks differ",
  "type-without-labels": "Type carries no labels",
  waiting: "Waited, did not compute",
  captured: "Whole process only",
  elsewhere: "Samples elsewhere",
  "unknown-trace": "Unknown trace",
  "nothing-stored": "No profile yet",
  "other-type": "Other types only",
  "nothing-matches": "Nothing matches",
  "frame-gone": "Frame not in selection",
};

/** @returns the reason in two to five words, for a badge */
export function nameOfReason(code: ReasonCode): string {
  return NAMES[code];
}

const FINDINGS: ReadonlySet<string> = new Set(FINDING_CODES);

export function isFindingCode(code: string): code is FindingCode {
  return FINDINGS.has(code);
}
