/**
 * Which sample labels mean a trace, a span or an endpoint: one table for the dialects of all clients we know. To add
 * a client, add its keys here.
 */
import { parseSpanId, parseTraceId } from "@/lib/ids";

export type LabelMeaning =
  | { readonly kind: "trace" }
  /** `isRoot`: the span is the local root one, so the label says both. */
  | { readonly kind: "span"; readonly encoding: IdEncoding; readonly isRoot: boolean }
  | { readonly kind: "root-span"; readonly encoding: IdEncoding }
  /** The lowest rank of a sample's labels names its endpoint; the others stay labels. */
  | { readonly kind: "endpoint"; readonly rank: number }
  /** When the sample was taken, in Unix nanoseconds. */
  | { readonly kind: "taken-at" }
  | { readonly kind: "label" };

/**
 * Decided by the key, never by the value: 16 digits may be either. Datadog's keys have spaces and their ids are
 * decimal (text from Go, a uint64 from Node); everybody else writes hex.
 */
export type IdEncoding = "hex" | "decimal";

/** The eBPF profiler puts a process's own labels under this prefix. */
const CONTEXT_PREFIX = "process.context.label.";

const DECIMAL_KEYS: ReadonlyMap<string, LabelMeaning> = new Map([
  ["span id", { kind: "span", encoding: "decimal", isRoot: false }],
  ["local root span id", { kind: "root-span", encoding: "decimal" }],
]);

/** Keys in lower case without `_`, `.`, `-` and spaces. */
const KEYS: ReadonlyMap<string, LabelMeaning> = new Map<string, LabelMeaning>([
  ["traceid", { kind: "trace" }],
  ["oteltraceid", { kind: "trace" }], // polarsignals/otel-profiling-go
  ["spanid", { kind: "span", encoding: "hex", isRoot: false }],
  ["otelspanid", { kind: "span", encoding: "hex", isRoot: false }],
  ["profileid", { kind: "span", encoding: "hex", isRoot: true }], // otel-profiling-go <= 0.5.0, Ruby, .NET
  ["localrootspanid", { kind: "root-span", encoding: "hex" }],
  ["endtimestampns", { kind: "taken-at" }], // Datadog
  ...["endpoint", "traceendpoint", "httproute", "route", "spanname", "span", "handler"].map(
    (key, rank) => [key, { kind: "endpoint", rank }] as const,
  ),
]);

const LABEL: LabelMeaning = { kind: "label" };

/** @returns what a label of this key says about its sample */
export function meaningOfLabel(key: string): LabelMeaning {
  const lower = bareLabelKey(key).toLowerCase();
  return DECIMAL_KEYS.get(lower) ?? KEYS.get(lower.replace(/[_.\- ]/g, "")) ?? LABEL;
}

/** The key as the process itself wrote it. */
export function bareLabelKey(key: string): string {
  return key.startsWith(CONTEXT_PREFIX) ? key.slice(CONTEXT_PREFIX.length) : key;
}

/** @returns 32 hex digits (64-bit ids are padded), or undefined for what is no trace id */
export function parseTraceLabel(text: string): string | undefined {
  return parseTraceId(text.length === 16 ? `${"0".repeat(16)}${text}` : text);
}

/** @returns 16 hex digits, or undefined for what is no span id in that encoding */
export function parseSpanLabel(text: string, encoding: IdEncoding): string | undefined {
  if (encoding === "hex") return parseSpanId(text);
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const id = BigInt(text);
  return id < 1n << 64n ? parseSpanId(id.toString(16).padStart(16, "0")) : undefined;
}
