import type { Fix } from "@/lib/diagnosis/fixes";
import type { FindingCode } from "@/lib/diagnosis/reason";
import { formatCountExact } from "@/lib/format";

/** `error`: hardly anything meets. `warning`: much is lost. `note`: in the nature of sampling, or too little to matter. */
export type Severity = "error" | "warning" | "note";

/** One reason why samples and spans of a service do not meet. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly service: string;
  readonly sentence: string;
  /** How many of how many, and of what: "of 420 requests, 17". */
  readonly count: number;
  readonly of: number;
  readonly unit: "samples" | "labelled samples" | "requests" | "profiles";
  /** Samples that it costs, estimated where none were taken: what to mend first. */
  readonly lostSamples: number;
  /** At most a handful of each. */
  readonly traceIds: readonly string[];
  /** Labels, services or types that show it: `request=1733…`, `product`. */
  readonly evidence: readonly string[];
  readonly fixes: readonly Fix[];
}

/** Above this share hardly anything is left; above the other, much is lost. */
const MOST = 0.5;
const MUCH = 0.1;

export function severityOf(count: number, of: number): Severity {
  const share = of === 0 ? 0 : count / of;
  if (share >= MOST) return "error";
  return share >= MUCH ? "warning" : "note";
}

/** @returns `1 sample`, `1,204 samples`: a sentence that is held against another number says all digits */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${formatCountExact(value)} ${value === 1 ? one : many}`;
}
