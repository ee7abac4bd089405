import type { SpanId } from "@/lib/ids";

/**
 * The span and all its descendants, in no particular order; just the span when no other names it as its parent.
 * Loops over a queue: a trace may be as deep as it has spans, and a cycle of parents ends where it began.
 */
export function spanSubtree(
  spanId: SpanId,
  spans: Iterable<{ readonly spanId: string; readonly parentSpanId: string }>,
): string[] {
  const children = new Map<string, string[]>();
  for (const span of spans) {
    const siblings = children.get(span.parentSpanId);
    if (siblings === undefined) children.set(span.parentSpanId, [span.spanId]);
    else siblings.push(span.spanId);
  }
  const found = new Set<string>([spanId]);
  for (const id of found) for (const child of children.get(id) ?? []) found.add(child); // a Set grows while it is walked
  return [...found];
}
