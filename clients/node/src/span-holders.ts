import {
  type Context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { endpointOf, type ReadableSpan } from "./endpoint";

type RecordedSpan = Span & ReadableSpan;

/**
 * What a moment of the program is labelled with. The profiler keeps the object and asks for its labels when the profile
 * is collected: what is known late (`http.route`, the end of the request) is then there.
 */
export interface Holder {
  readonly span?: RecordedSpan;
  /** The span by which the request entered this process; unknown when its parent was never seen active. */
  readonly root?: RecordedSpan;
}

export const NOTHING: Holder = {};

/**
 * On the span itself: a WeakMap of every span is what the garbage collector would spend the most time on.
 */
const HOLDER = Symbol("hotspan.holder");
type Marked = Span & { [HOLDER]?: Holder };

export interface SpanHolders {
  /** @param active the context in which `entered` is about to be activated: that of the parent, nearly always */
  readonly holderOf: (entered: Context, active: () => Context) => Holder;
  /** Attributes of the resource of the last span seen, for the names that the tracer itself goes by. */
  readonly resource: () => Readonly<Record<string, unknown>>;
}

/**
 * Reads spans where they are activated, not where they are started: this works for every provider that a program may have
 * set up, without a place in its list of span processors, which no public interface gives after the start.
 */
export function createSpanHolders(): SpanHolders {
  let resource: Readonly<Record<string, unknown>> = {};

  function adopt(span: Span, parent: Span | undefined): Holder {
    if (!isRecorded(span)) return NOTHING;
    resource = resourceOf(span) ?? resource;
    if (entersHere(span)) return { span, root: span };
    const sameTrace = parent !== undefined && parent.spanContext().traceId === span.spanContext().traceId;
    const root = sameTrace ? (parent as Marked)[HOLDER]?.root : undefined;
    return root === undefined ? { span } : { span, root };
  }

  return {
    holderOf: (entered, active) => {
      const span: Marked | undefined = trace.getSpan(entered);
      if (span === undefined) return NOTHING;
      span[HOLDER] ??= adopt(span, trace.getSpan(active()));
      return span[HOLDER];
    },
    resource: () => resource,
  };
}

/** A remote parent and a span that is not sampled are contexts without content: nothing of them will ever be exported. */
function isRecorded(span: Span): span is RecordedSpan {
  const { traceFlags, isRemote } = span.spanContext();
  return (
    (traceFlags & TraceFlags.SAMPLED) !== 0 &&
    isRemote !== true &&
    isSpanContextValid(span.spanContext()) &&
    "attributes" in span &&
    typeof span.attributes === "object" &&
    "ended" in span
  );
}

function entersHere(span: RecordedSpan): boolean {
  // SDK 2 keeps the parent's context, which knows whether it came over the wire; SDK 1 kept the id alone.
  if ("parentSpanContext" in span && span.parentSpanContext !== undefined) {
    return (span.parentSpanContext as SpanContext).isRemote === true;
  }
  if (!("parentSpanId" in span) || span.parentSpanId === undefined) return true;
  return "kind" in span && (span.kind === SpanKind.SERVER || span.kind === SpanKind.CONSUMER);
}

function resourceOf(span: RecordedSpan): Readonly<Record<string, unknown>> | undefined {
  if (!("resource" in span)) return undefined;
  return (span.resource as { readonly attributes?: Readonly<Record<string, unknown>> } | undefined)
    ?.attributes;
}

/**
 * The endpoint is left out while the request runs and its route may still change; Hotspan then takes it from the trace.
 * @param holder as the profiler gives it back: any object
 */
export function labelsOf({ span, root }: Holder): Record<string, string> {
  if (span === undefined) return {};
  const { traceId, spanId } = span.spanContext();
  const labels: Record<string, string> = { trace_id: traceId, span_id: spanId };
  if (root === undefined) return labels;
  labels.local_root_span_id = root.spanContext().spanId;
  if (root.ended) labels.endpoint = endpointOf(root);
  return labels;
}
