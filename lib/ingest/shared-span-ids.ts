/**
 * Zipkin's old custom, which Jaeger's clients kept: caller and callee of one request report the same span id. Two spans of
 * one id would be one span here, so the callee's half becomes a child of the caller's, with an id of its own.
 */
import { createHash } from "node:crypto";
import { parseSpanId, type SpanId } from "@/lib/ids";
import type { Span } from "@/lib/trace/span";

/**
 *     client A  (id 1)            client A  (id 1)
 *     server B  (id 1)      ->      server B  (id h(1))
 *       work B  (parent 1)            work B  (parent h(1))
 *
 * @returns the same spans; the new ids depend on the old alone, so reading a file again changes nothing
 */
export function splitSharedSpans(spans: readonly Span[]): Span[] {
  const callers = new Map<string, Span>();
  for (const span of spans) if (isCaller(span)) callers.set(span.traceId + span.spanId, span);
  /** Trace and shared id -> the callee's half. */
  const callees = new Map<string, { service: string; spanId: SpanId }>();
  for (const span of spans) {
    const key = span.traceId + span.spanId;
    if (!isCallee(span) || !callers.has(key) || callees.has(key)) continue;
    callees.set(key, { service: span.service, spanId: calleeId(span) });
  }
  if (callees.size === 0) return [...spans];
  return spans.map((span) => {
    if (isCallee(span)) {
      const own = callees.get(span.traceId + span.spanId);
      if (own !== undefined) return { ...span, parentSpanId: span.spanId, spanId: own.spanId };
    }
    const below = callees.get(span.traceId + span.parentSpanId);
    const caller = callers.get(span.traceId + span.parentSpanId);
    // What the callee did names the shared id too; the caller's own children stay with the caller.
    const isOfCallee = below?.service === span.service && caller?.service !== span.service;
    return isOfCallee ? { ...span, parentSpanId: below.spanId } : span;
  });
}

function isCaller({ kind }: Span): boolean {
  return kind === "Client" || kind === "Producer";
}

function isCallee({ kind }: Span): boolean {
  return kind === "Server" || kind === "Consumer";
}

function calleeId({ spanId, traceId }: Span): SpanId {
  const hex = createHash("sha256").update(`${traceId} ${spanId} callee`).digest("hex").slice(0, 16);
  return parseSpanId(hex) ?? spanId;
}
