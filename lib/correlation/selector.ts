import type { SpanId, TraceId } from "@/lib/ids";
import type { UnixNano } from "@/lib/units";

/**
 * What the user points at: one type for flame graph, functions, series, diff and export.
 * Absent fields do not narrow. `endpoints` are exact names; UNATTRIBUTED stands for samples that no endpoint paid for.
 */
export interface SampleSelector {
  readonly type: string;
  readonly service?: string;
  /** One received profile: 16 lower-case hex digits. */
  readonly profileId?: string;
  readonly traceId?: TraceId;
  readonly spanId?: SpanId;
  readonly scope: "span" | "subtree";
  readonly endpoints: readonly string[];
  readonly from?: UnixNano;
  readonly to?: UnixNano;
  readonly labels: ReadonlyMap<string, string>;
}

/** The value of `endpoint` that selects samples without any endpoint. No route can be named so: names have no edge spaces. */
export const UNATTRIBUTED = "(unattributed)";

/**
 * How a sample is tied to what was asked for, strongest first: its own span label; its own trace label; a whole-process
 * profile captured for that trace; only the same process and time; none was needed (a range, not a trace).
 */
export type Certainty = "span-label" | "trace-label" | "process-capture" | "process-time" | "range";
