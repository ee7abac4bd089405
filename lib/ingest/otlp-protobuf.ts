/**
 * OTLP ExportTraceServiceRequest in protobuf (opentelemetry-proto 1.x, trace.proto, common.proto, resource.proto).
 * Tags are `field << 3 | wire type`; a known field of another wire type is skipped like an unknown one, as protobuf does.
 */
import {
  cutName,
  cutValue,
  MAX_ATTRIBUTES,
  MAX_VALUE_DEPTH,
  refuseSpan,
  type Tally,
  TOO_DEEP,
} from "@/lib/ingest/otlp-limits";
import {
  addEvent,
  addLink,
  buildSpan,
  emptyRawSpan,
  type RawSpan,
  type SpanOrigin,
  serviceOf,
} from "@/lib/ingest/otlp-span";
import { WireReader } from "@/lib/ingest/wire-reader";
import type { Span } from "@/lib/trace/span";

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();
const NO_STRINGS: readonly string[] = [];

/**
 * Reads one export, or several concatenated. Spans that cannot be stored are counted in `rejected` with the reason.
 * @throws HotspanError `invalid-input` when the bytes are no protobuf message
 */
export function readTracesProtobuf(bytes: Buffer, now: bigint, rejected: Tally, cuts: Tally): Span[] {
  const reader = new WireReader(bytes);
  const spans: Span[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) readResourceSpans(reader, spans, now, rejected, cuts);
    else reader.skip(tag);
  }
  return spans;
}

/** The resource may come after the spans it describes: their places are noted first, and read once it is known. */
function readResourceSpans(r: WireReader, spans: Span[], now: bigint, rejected: Tally, cuts: Tally): void {
  const outer = r.enter();
  const resource = new Map<string, string>();
  const scopes: number[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) readAttributesOf(r, 0x0a, resource, cuts);
    else if (tag === 0x12) r.mark(scopes);
    else r.skip(tag);
  }
  const service = serviceOf(resource, cuts);
  for (let index = 0; index < scopes.length; index += 2) {
    const back = r.enterAt(scopes[index] ?? 0, scopes[index + 1] ?? 0);
    let scopeName = "";
    let scopeVersion = "";
    const places: number[] = [];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 0x0a) {
        const inner = r.enter();
        for (let field = r.tag(); field !== 0; field = r.tag()) {
          if (field === 0x0a) scopeName = cutName(r.text(), cuts);
          else if (field === 0x12) scopeVersion = cutName(r.text(), cuts);
          else r.skip(field);
        }
        r.leave(inner);
      } else if (tag === 0x12) r.mark(places);
      else r.skip(tag);
    }
    const origin: SpanOrigin = { service, resource, scopeName, scopeVersion };
    for (let place = 0; place < places.length; place += 2) {
      const span = buildSpan(
        readSpan(r, places[place] ?? 0, places[place + 1] ?? 0, cuts),
        origin,
        now,
        cuts,
      );
      if (typeof span === "string") refuseSpan(rejected, span);
      else spans.push(span);
    }
    r.leave(back);
  }
  r.leave(outer);
}

function readSpan(r: WireReader, start: number, length: number, cuts: Tally): RawSpan {
  const span = emptyRawSpan();
  const attributes = new Map<string, string>();
  span.attributes = attributes;
  const outer = r.enterAt(start, length);
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    switch (tag) {
      case 0x0a:
        span.traceId = r.hex(16);
        break;
      case 0x12:
        span.spanId = r.hex(8);
        break;
      case 0x1a:
        span.traceState = r.text();
        break;
      case 0x22:
        span.parentSpanId = r.hex(8);
        break;
      case 0x2a:
        span.name = r.text();
        break;
      case 0x30:
        span.kind = r.varint();
        break;
      case 0x39:
        span.start = r.fixed64();
        break;
      case 0x41:
        span.end = r.fixed64();
        break;
      case 0x4a:
        readKeyValue(r, attributes, cuts);
        break;
      case 0x5a:
        readEvent(r, span, cuts);
        break;
      case 0x6a:
        readLink(r, span, cuts);
        break;
      case 0x7a:
        readStatus(r, span);
        break;
      case 0x85:
        span.flags = r.fixed32();
        break;
      default:
        r.skip(tag);
    }
  }
  r.leave(outer);
  return span;
}

function readStatus(r: WireReader, span: RawSpan): void {
  const outer = r.enter();
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x12) span.statusMessage = r.text();
    else if (tag === 0x18) span.statusCode = r.varint();
    else r.skip(tag);
  }
  r.leave(outer);
}

function readEvent(r: WireReader, span: RawSpan, cuts: Tally): void {
  const outer = r.enter();
  let name = "";
  let time = 0n;
  const attributes = new Map<string, string>();
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x09) time = r.fixed64();
    else if (tag === 0x12) name = r.text();
    else if (tag === 0x1a) readKeyValue(r, attributes, cuts);
    else r.skip(tag);
  }
  r.leave(outer);
  addEvent(span.events, name, time, attributes, cuts);
}

function readLink(r: WireReader, span: RawSpan, cuts: Tally): void {
  const outer = r.enter();
  const link = { traceId: "", spanId: "", traceState: "", attributes: NO_ATTRIBUTES };
  const attributes = new Map<string, string>();
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) link.traceId = r.hex(16);
    else if (tag === 0x12) link.spanId = r.hex(8);
    else if (tag === 0x1a) link.traceState = r.text();
    else if (tag === 0x22) readKeyValue(r, attributes, cuts);
    else r.skip(tag);
  }
  r.leave(outer);
  link.attributes = attributes;
  addLink(span.links, link, cuts);
}

/** A message whose only interesting field is a repeated KeyValue (Resource, KeyValueList). */
function readAttributesOf(r: WireReader, field: number, into: Map<string, string>, cuts: Tally): void {
  const outer = r.enter();
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === field) readKeyValue(r, into, cuts);
    else r.skip(tag);
  }
  r.leave(outer);
}

/** @param strings of a profile's dictionary, which its keys and values may point into */
export function readKeyValue(
  r: WireReader,
  into: Map<string, string>,
  cuts: Tally,
  strings: readonly string[] = NO_STRINGS,
): void {
  const outer = r.enter();
  let key = "";
  let value = "";
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) key = r.text();
    else if (tag === 0x12) value = readValue(r, 0, false, cuts, strings);
    else if (tag === 0x18) key = strings[r.varint()] ?? "";
    else r.skip(tag);
  }
  r.leave(outer);
  if (into.size >= MAX_ATTRIBUTES && !into.has(key)) {
    cuts.add(`attribute beyond ${MAX_ATTRIBUTES} dropped`);
  } else {
    into.set(cutName(key, cuts), cutValue(value, cuts));
  }
}

/** @returns an AnyValue as text; inside arrays and maps (`nested`) as JSON */
export function readValue(
  r: WireReader,
  depth: number,
  nested: boolean,
  cuts: Tally,
  strings: readonly string[] = NO_STRINGS,
): string {
  const outer = r.enter();
  let value = nested ? "null" : "";
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    switch (tag) {
      case 0x0a:
        value = nested ? JSON.stringify(r.text()) : r.text();
        break;
      case 0x10:
        value = r.varint() === 0 ? "false" : "true";
        break;
      case 0x18:
        value = String(r.int64());
        break;
      case 0x21:
        value = numberText(r.double(), nested);
        break;
      case 0x2a:
        value = depth >= MAX_VALUE_DEPTH ? tooDeep(r, tag, cuts) : readArray(r, depth, cuts, strings);
        break;
      case 0x32:
        value = depth >= MAX_VALUE_DEPTH ? tooDeep(r, tag, cuts) : readMap(r, depth, cuts, strings);
        break;
      case 0x3a:
        value = nested ? JSON.stringify(r.view().toString("base64")) : r.view().toString("base64");
        break;
      case 0x40: {
        const text = strings[r.varint()] ?? "";
        value = nested ? JSON.stringify(text) : text;
        break;
      }
      default:
        r.skip(tag);
    }
  }
  r.leave(outer);
  return value;
}

function tooDeep(r: WireReader, tag: number, cuts: Tally): string {
  r.skip(tag);
  cuts.add(`value nested deeper than ${MAX_VALUE_DEPTH} cut`);
  return JSON.stringify(TOO_DEEP);
}

function readArray(r: WireReader, depth: number, cuts: Tally, strings: readonly string[]): string {
  const outer = r.enter();
  const items: string[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) items.push(readValue(r, depth + 1, true, cuts, strings));
    else r.skip(tag);
  }
  r.leave(outer);
  return `[${items.join(",")}]`;
}

function readMap(r: WireReader, depth: number, cuts: Tally, strings: readonly string[]): string {
  const outer = r.enter();
  const items: string[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== 0x0a) {
      r.skip(tag);
      continue;
    }
    const inner = r.enter();
    let key = "";
    let value = "null";
    for (let field = r.tag(); field !== 0; field = r.tag()) {
      if (field === 0x0a) key = r.text();
      else if (field === 0x12) value = readValue(r, depth + 1, true, cuts, strings);
      else if (field === 0x18) key = strings[r.varint()] ?? "";
      else r.skip(field);
    }
    r.leave(inner);
    items.push(`${JSON.stringify(key)}:${value}`);
  }
  r.leave(outer);
  return `{${items.join(",")}}`;
}

/** JSON has no NaN and no infinities: nested ones are quoted. */
export function numberText(value: number, nested: boolean): string {
  return nested && !Number.isFinite(value) ? `"${value}"` : String(value);
}
