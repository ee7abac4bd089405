/** 32 lower-case hex digits, not all zero (W3C Trace Context, section 3.2.2.3). */
export type TraceId = string & { readonly __id: "trace" };
/** 16 lower-case hex digits, not all zero (W3C Trace Context, section 3.2.2.4). */
export type SpanId = string & { readonly __id: "span" };

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** @returns the id in lower case, or undefined when it is no valid trace id */
export function parseTraceId(text: string): TraceId | undefined {
  const lower = text.toLowerCase();
  return TRACE_ID.test(lower) ? (lower as TraceId) : undefined;
}

/** @returns the id in lower case, or undefined when it is no valid span id */
export function parseSpanId(text: string): SpanId | undefined {
  const lower = text.toLowerCase();
  return SPAN_ID.test(lower) ? (lower as SpanId) : undefined;
}
