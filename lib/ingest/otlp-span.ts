/** From what a sender wrote, in either encoding, to a domain span or the reason why it cannot be one. */
import { parseSpanId, parseTraceId, type SpanId } from "@/lib/ids";
import { cutName, cutValue, MAX_EVENTS, type Tally } from "@/lib/ingest/otlp-limits";
import { endpointOf } from "@/lib/trace/endpoint";
import type { Attributes, Span, SpanEvent, SpanKind, SpanLink, StatusCode } from "@/lib/trace/span";
import { MAX_UNIX_NANO, unixNano } from "@/lib/units";

/** 2010-01-01: older than any tracing data; an earlier time is a clock that was never set (1970, 2000). */
const EARLIEST = 1_262_304_000_000_000_000n;
/** A clock a day ahead is wrong, and its spans would lead every list of newest traces until that day comes. */
const LATEST_AHEAD = 86_400_000_000_000n;
/** FLAGS: bit 8 says that bit 9 is meaningful, bit 9 that the parent lives in another process. */
const PARENT_IS_REMOTE = 0x300;

const KINDS: readonly SpanKind[] = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];
const STATUSES: readonly StatusCode[] = ["Unset", "Ok", "Error"];

/** The fields of one span as they came; ids in hex (possibly wrong), times in Unix nanoseconds (possibly absurd). */
export interface RawSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  name: string;
  kind: number;
  /** undefined: not a whole number */
  start: bigint | undefined;
  end: bigint | undefined;
  attributes: Attributes;
  events: SpanEvent[];
  links: SpanLink[];
  statusCode: number;
  statusMessage: string;
  flags: number;
}

/** What the spans of one scope share. */
export interface SpanOrigin {
  readonly service: string;
  readonly resource: Attributes;
  readonly scopeName: string;
  readonly scopeVersion: string;
}

export function emptyRawSpan(): RawSpan {
  return {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    traceState: "",
    name: "",
    kind: 0,
    start: 0n,
    end: 0n,
    attributes: new Map(),
    events: [],
    links: [],
    statusCode: 0,
    statusMessage: "",
    flags: 0,
  };
}

/** `service.name`, or what the specification prescribes when a resource has none. */
export function serviceOf(resource: Attributes, cuts: Tally): string {
  return cutName(resource.get("service.name") || "unknown_service", cuts);
}

/**
 * @param now the receiver's clock in Unix nanoseconds
 * @returns the span, or the reason why it is refused as a sentence fragment
 */
export function buildSpan(raw: RawSpan, origin: SpanOrigin, now: bigint, cuts: Tally): Span | string {
  const traceId = parseTraceId(raw.traceId);
  if (traceId === undefined) return wrongId("trace id", raw.traceId, 16);
  const spanId = parseSpanId(raw.spanId);
  if (spanId === undefined) return wrongId("span id", raw.spanId, 8);
  let parentSpanId: SpanId | "" = "";
  // All zeros are how some senders spell "no parent".
  if (raw.parentSpanId !== "" && raw.parentSpanId !== "0000000000000000") {
    const parent = parseSpanId(raw.parentSpanId);
    if (parent === undefined) return wrongId("parent span id", raw.parentSpanId, 8);
    parentSpanId = parent;
  }
  const { start, end } = raw;
  if (start === undefined || end === undefined) return "span time is not a whole number of nanoseconds";
  if (start === 0n) return "span has no start time";
  if (start < EARLIEST) return "span starts before 2010: is the sender's clock set?";
  if (start > MAX_UNIX_NANO) return "span starts after 2262, later than can be stored";
  if (start > now + LATEST_AHEAD)
    return "span starts more than a day in the future: is the sender's clock right?";
  if (end === 0n) return "span has no end time";
  if (end < start) return "span ends before it starts";
  const duration = end - start;
  if (duration > BigInt(Number.MAX_SAFE_INTEGER)) return "span lasts longer than 104 days";

  const kind = KINDS[raw.kind] ?? "Unspecified";
  const isEntry =
    kind === "Server" ||
    kind === "Consumer" ||
    parentSpanId === "" ||
    (raw.flags & PARENT_IS_REMOTE) === PARENT_IS_REMOTE;
  const name = cutName(raw.name, cuts);
  return {
    traceId,
    spanId,
    parentSpanId,
    traceState: cutValue(raw.traceState, cuts),
    name,
    kind,
    service: origin.service,
    startUnixNano: unixNano(start),
    durationNs: Number(duration),
    status: STATUSES[raw.statusCode] ?? "Unset",
    statusMessage: cutValue(raw.statusMessage, cuts),
    attributes: raw.attributes,
    resource: origin.resource,
    scopeName: origin.scopeName,
    scopeVersion: origin.scopeVersion,
    events: raw.events,
    links: raw.links,
    isEntry,
    endpoint: isEntry ? endpointOf(name, raw.attributes) : "",
  };
}

/** Keeps an event whose time can be stored. */
export function addEvent(
  events: SpanEvent[],
  name: string,
  time: bigint | undefined,
  attributes: Attributes,
  cuts: Tally,
): void {
  if (time === undefined || time < 0n || time > MAX_UNIX_NANO) {
    cuts.add("event with an impossible time dropped");
  } else if (events.length >= MAX_EVENTS) {
    cuts.add(`event beyond ${MAX_EVENTS} of a span dropped`);
  } else {
    events.push({ name: cutName(name, cuts), timeUnixNano: unixNano(time), attributes });
  }
}

/** Keeps a link that names a span. */
export function addLink(links: SpanLink[], link: SpanLink, cuts: Tally): void {
  const traceId = parseTraceId(link.traceId);
  const spanId = parseSpanId(link.spanId);
  if (traceId === undefined || spanId === undefined) {
    cuts.add("link with an invalid id dropped");
  } else if (links.length >= MAX_EVENTS) {
    cuts.add(`link beyond ${MAX_EVENTS} of a span dropped`);
  } else {
    links.push({ ...link, traceId, spanId, traceState: cutValue(link.traceState, cuts) });
  }
}

function wrongId(what: string, hex: string, bytes: number): string {
  if (hex === "") return `${what} is missing`;
  return /^0+$/.test(hex) && hex.length === bytes * 2
    ? `${what} is all zero`
    : `${what} is not ${bytes} bytes`;
}
