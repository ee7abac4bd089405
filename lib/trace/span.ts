import type { SpanId, TraceId } from "@/lib/ids";
import type { Nanos, UnixNano } from "@/lib/units";

export type SpanKind = "Unspecified" | "Internal" | "Server" | "Client" | "Producer" | "Consumer";
export type StatusCode = "Unset" | "Ok" | "Error";

/**
 * Attribute values as text, nested ones as JSON, as the Collector's ClickHouse exporter stores them.
 * A Map, because keys are the sender's: `__proto__` is a key like any other.
 */
export type Attributes = ReadonlyMap<string, string>;

export interface SpanEvent {
  readonly name: string;
  readonly timeUnixNano: UnixNano;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
}

/** One span in OpenTelemetry's words (opentelemetry-proto, trace.proto). */
export interface Span {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  /** "" for a root span. */
  readonly parentSpanId: SpanId | "";
  readonly traceState: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly service: string;
  readonly startUnixNano: UnixNano;
  readonly durationNs: Nanos;
  readonly status: StatusCode;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** SERVER or CONSUMER, no parent, or a parent said to be remote: where a request enters a service. */
  readonly isEntry: boolean;
  /** Of an entry span (lib/trace/endpoint.ts), else "". */
  readonly endpoint: string;
}
