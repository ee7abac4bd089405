/**
 * Zipkin's shared spans: caller and callee report one request under one span id, each its own half. Here a span id
 * names one span, so the callee's half, which says that it is `shared`, gets another id and the caller's half as its
 * parent:
 *
 *     client A  (id 1)            client A  (id 1)
 *     server B  (id 1)      ->      server B  (id 1')
 *       work B  (parent 1)            work B  (parent 1, and B like 1')
 *
 * The callee's and not the caller's, because only the callee's half says which it is when it arrives alone; and a caller
 * whose callee does not share, as OpenTelemetry's do not, keeps the id that its callee names as its parent.
 */
import type { SpanId } from "@/lib/ids";

/** Any constant: 1' is told from a real child of 1 with a chance of error of 1 in 2^64. */
const CALLEE = "c3a5c85c97cb3127";

/** @returns 1' of 1, the same for every arrival */
export function calleeSpanId(shared: SpanId): SpanId {
  let id = "";
  for (let digit = 0; digit < 16; digit++)
    id += (digitOf(shared, digit) ^ digitOf(CALLEE, digit)).toString(16);
  return (shared === CALLEE ? CALLEE : id) as SpanId;
}

/**
 * What the callee did names the shared id as its parent, whichever half it means: it goes below the callee's half, where
 * that is there and of the same service. The halves may arrive in any order and hours apart, so this is done whenever
 * a trace is read.
 * @returns the spans of one trace; the same array when none is shared
 */
export function adoptCalleeSpans<
  S extends { readonly spanId: string; readonly parentSpanId: string; readonly service: string },
>(spans: readonly S[]): readonly S[] {
  const callees = new Map<string, S>();
  for (const span of spans) {
    if (isCallee(span.spanId, span.parentSpanId)) callees.set(span.parentSpanId, span);
  }
  if (callees.size === 0) return spans;
  const serviceOfCaller = new Map<string, string>();
  for (const { service, spanId } of spans) if (callees.has(spanId)) serviceOfCaller.set(spanId, service);
  return spans.map((span) => {
    const callee = callees.get(span.parentSpanId);
    if (callee === undefined || callee === span || callee.service !== span.service) return span;
    // A service that calls itself: nothing tells whose child it is, so it stays where it says.
    if (serviceOfCaller.get(span.parentSpanId) === span.service) return span;
    return { ...span, parentSpanId: callee.spanId };
  });
}

/** Most of a trace's spans differ in the first digit. */
function isCallee(spanId: string, shared: string): boolean {
  for (let digit = 0; digit < 16; digit++) {
    if ((digitOf(spanId, digit) ^ digitOf(shared, digit)) !== digitOf(CALLEE, digit)) return false;
  }
  return shared !== "";
}

function digitOf(id: string, digit: number): number {
  return Number.parseInt(id[digit] ?? "0", 16);
}
