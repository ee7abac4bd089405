/**
 * Spans as rows of `otel_traces`, in the conventions of the Collector's ClickHouse exporter (SpanKind `Server`,
 * StatusCode `Error`, attributes as text, events and links as parallel arrays). A row is one line of
 * JSONCompactEachRow, written by hand: at 20,000 spans a second the text is made once, in a worker thread, and never
 * parsed again on our side.
 */
import type { Attributes, Span } from "@/lib/trace/span";

/** The order of the values in a row. IngestedAt is the store's own clock. */
export const SPAN_COLUMNS = [
  "Timestamp",
  "TraceId",
  "SpanId",
  "ParentSpanId",
  "TraceState",
  "SpanName",
  "SpanKind",
  "ServiceName",
  "ResourceAttributes",
  "ScopeName",
  "ScopeVersion",
  "SpanAttributes",
  "Duration",
  "StatusCode",
  "StatusMessage",
  "Events.Timestamp",
  "Events.Name",
  "Events.Attributes",
  "Links.TraceId",
  "Links.SpanId",
  "Links.TraceState",
  "Links.Attributes",
  "Endpoint",
  "IsEntry",
  "Source",
] as const;

/** Rows of spans, ready to be sent; all parts can be handed between threads without a copy. */
export interface SpanRows {
  readonly count: number;
  /** UTF-8 lines, each ended by "\n". */
  readonly text: Uint8Array;
  /** Where row i ends in `text`. */
  readonly ends: Uint32Array;
  /** 48 characters of ASCII a row: trace id and span id in hex, what makes a span the same span. */
  readonly ids: Uint8Array;
  /** Start of each span in Unix nanoseconds, whose UTC day is its partition. */
  readonly starts: BigInt64Array;
}

export const SPAN_ID_LENGTH = 48;

/**
 * @param source "" for what users send, "sample" for the recorded demo shop
 */
export function encodeSpanRows(spans: readonly Span[], source: string): SpanRows {
  const toRow = spanRowEncoder(source);
  const ends = new Uint32Array(spans.length);
  const ids = Buffer.allocUnsafeSlow(spans.length * SPAN_ID_LENGTH);
  const starts = new BigInt64Array(spans.length);
  // Never from the shared pool: the buffer behind it is handed to another thread.
  let text = Buffer.allocUnsafeSlow(Math.max(4_096, spans.length * 1_024));
  let end = 0;
  let index = 0;
  for (const span of spans) {
    const row = toRow(span);
    const worst = end + row.length * 3; // UTF-8 bytes of a UTF-16 unit
    if (worst > text.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(worst, text.length * 2));
      text.copy(larger, 0, 0, end);
      text = larger;
    }
    end += text.write(row, end, "utf8");
    ends[index] = end;
    ids.write(span.traceId + span.spanId, index * SPAN_ID_LENGTH, "latin1");
    starts[index] = span.startUnixNano;
    index++;
  }
  return { count: spans.length, text: text.subarray(0, end), ends, ids, starts };
}

function spanRowEncoder(source: string): (span: Span) => string {
  const tail = `,${JSON.stringify(source)}]\n`;
  const keys = new Map<string, string>();
  let resource: Attributes | undefined;
  let resourceText = "";

  // The same few keys come back in every span.
  function keyText(key: string): string {
    let quoted = keys.get(key);
    if (quoted === undefined) {
      quoted = `${JSON.stringify(key)}:`;
      if (keys.size < 4_096) keys.set(key, quoted);
    }
    return quoted;
  }

  function mapText(attributes: Attributes): string {
    if (attributes.size === 0) return "{}";
    let text = "";
    for (const [key, value] of attributes) {
      text += (text === "" ? "{" : ",") + keyText(key) + quote(value);
    }
    return `${text}}`;
  }

  return (span) => {
    if (span.resource !== resource) {
      resource = span.resource;
      resourceText = mapText(span.resource);
    }
    const { events, links } = span;
    const eventsText =
      events.length === 0
        ? "[],[],[]"
        : `${list(events, (event) => `"${instantText(event.timeUnixNano)}"`)},` +
          `${list(events, (event) => JSON.stringify(event.name))},` +
          `${list(events, (event) => mapText(event.attributes))}`;
    const linksText =
      links.length === 0
        ? "[],[],[],[]"
        : `${list(links, (link) => `"${link.traceId}"`)},${list(links, (link) => `"${link.spanId}"`)},` +
          `${list(links, (link) => JSON.stringify(link.traceState))},` +
          `${list(links, (link) => mapText(link.attributes))}`;
    return (
      `["${instantText(span.startUnixNano)}","${span.traceId}","${span.spanId}","${span.parentSpanId}",` +
      `${JSON.stringify(span.traceState)},${JSON.stringify(span.name)},"${span.kind}",` +
      `${JSON.stringify(span.service)},${resourceText},${JSON.stringify(span.scopeName)},` +
      `${JSON.stringify(span.scopeVersion)},${mapText(span.attributes)},${span.durationNs},"${span.status}",` +
      `${JSON.stringify(span.statusMessage)},${eventsText},${linksText},${JSON.stringify(span.endpoint)},` +
      `${span.isEntry ? 1 : 0}${tail}`
    );
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes exactly these
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A string in JSON; most need no escape, and asking is cheaper than JSON.stringify. */
function quote(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Seconds with nine decimals, at least ten digits of them: what the engine reads as DateTime64(9) without a time zone. */
function instantText(instant: bigint): string {
  const digits = String(instant).padStart(19, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function list<T>(items: readonly T[], text: (item: T) => string): string {
  return `[${items.map(text).join(",")}]`;
}
