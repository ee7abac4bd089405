import { calleeSpanId } from "@/lib/trace/shared-span";
import type { Span } from "@/lib/trace/span";

/**
 * Caller and callee of one request under one span id, as Jaeger's clients for Zipkin's headers reported them: the callee's
 * half gets its own id below the caller's (lib/trace/shared-span.ts, which also finds what the callee did, when a trace
 * is read). Jaeger does not mark the halves, so both must be in the same file.
 *
 * @returns the same spans; the new ids depend on the old alone, so reading a file again changes nothing
 */
export function splitSharedSpans(spans: readonly Span[]): Span[] {
  const callers = new Set<string>();
  for (const { kind, spanId, traceId } of spans) {
    if (kind === "Client" || kind === "Producer") callers.add(traceId + spanId);
  }
  return spans.map((span) => {
    const { kind, spanId, traceId } = span;
    const isCallee = (kind === "Server" || kind === "Consumer") && callers.has(traceId + spanId);
    return isCallee ? { ...span, spanId: calleeSpanId(spanId), parentSpanId: spanId } : span;
  });
}
