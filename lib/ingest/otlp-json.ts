/**
 * OTLP ExportTraceServiceRequest in JSON (OTLP specification, "JSON Protobuf Encoding"), leniently: ids in hex of any
 * case or base64, 64-bit integers as strings or numbers, enums as numbers or names. Unknown keys are ignored.
 */

import { invalidInput } from "@/lib/errors";
import {
  cutName,
  cutValue,
  MAX_ATTRIBUTES,
  MAX_VALUE_DEPTH,
  refuseSpan,
  repairText,
  type Tally,
  TOO_DEEP,
} from "@/lib/ingest/otlp-limits";
import { numberText } from "@/lib/ingest/otlp-protobuf";
import { addEvent, addLink, buildSpan, emptyRawSpan, type RawSpan, serviceOf } from "@/lib/ingest/otlp-span";
import { isObject, type Json, parseJson } from "@/lib/ingest/parse-json";
import type { Span } from "@/lib/trace/span";

const NO_STRINGS: readonly string[] = [];
const KIND_NAMES = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map(
  (name) => `SPAN_KIND_${name}`,
);
const STATUS_NAMES = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/**
 * @throws HotspanError `invalid-input` when the text is no JSON or not of the request's shape
 */
export function readTracesJson(bytes: Buffer, now: bigint, rejected: Tally, cuts: Tally): Span[] {
  return readTracesObject(parseJsonObject(bytes, "resourceSpans"), now, rejected, cuts);
}

/**
 * The same of a request that was parsed already.
 * @throws HotspanError `invalid-input` when it is not of the request's shape
 */
export function readTracesObject(request: Json, now: bigint, rejected: Tally, cuts: Tally): Span[] {
  const spans: Span[] = [];
  for (const resourceSpans of list(request, "resourceSpans")) {
    const resource = attributesOf(object(resourceSpans.resource), cuts);
    const service = serviceOf(resource, cuts);
    for (const scopeSpans of list(resourceSpans, "scopeSpans")) {
      const scope = object(scopeSpans.scope);
      const scopeName = cutName(text(scope.name), cuts);
      const scopeVersion = cutName(text(scope.version), cuts);
      for (const item of items(scopeSpans, "spans")) {
        if (!isObject(item)) {
          refuseSpan(rejected, "span is not an object");
          continue;
        }
        const origin = { service, resource, scopeName, scopeVersion };
        const span = buildSpan(rawSpan(item, cuts), origin, now, cuts);
        if (typeof span === "string") refuseSpan(rejected, span);
        else spans.push(span);
      }
    }
  }
  return spans;
}

/** @throws HotspanError as parseJson, and `invalid-input` when the bytes are no JSON object */
export function parseJsonObject(bytes: Buffer, wanted: string): Json {
  const value = parseJson(bytes);
  if (!isObject(value)) throw invalidInput(`The body must be a JSON object with ${wanted}.`);
  return value;
}

function rawSpan(span: Json, cuts: Tally): RawSpan {
  const raw = emptyRawSpan();
  raw.traceId = idText(span.traceId, 16);
  raw.spanId = idText(span.spanId, 8);
  raw.parentSpanId = idText(span.parentSpanId, 8);
  raw.traceState = text(span.traceState);
  raw.name = text(span.name);
  raw.kind = enumNumber(span.kind, KIND_NAMES);
  raw.start = wholeNumber(span.startTimeUnixNano);
  raw.end = wholeNumber(span.endTimeUnixNano);
  raw.attributes = attributesOf(span, cuts);
  const status = object(span.status);
  raw.statusCode = enumNumber(status.code, STATUS_NAMES);
  raw.statusMessage = text(status.message);
  raw.flags = Number(wholeNumber(span.flags) ?? 0n);
  for (const event of items(span, "events")) {
    const fields = object(event);
    const time = wholeNumber(fields.timeUnixNano);
    addEvent(raw.events, text(fields.name), time, attributesOf(fields, cuts), cuts);
  }
  for (const link of items(span, "links")) {
    const fields = object(link);
    const traceId = idText(fields.traceId, 16);
    const spanId = idText(fields.spanId, 8);
    const traceState = text(fields.traceState);
    addLink(raw.links, { traceId, spanId, traceState, attributes: attributesOf(fields, cuts) }, cuts);
  }
  return raw;
}

/** @param strings of a profile's dictionary, which keys and values may point into */
export function attributesOf(
  owner: Json,
  cuts: Tally,
  strings: readonly string[] = NO_STRINGS,
): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const item of items(owner, "attributes")) {
    if (!isObject(item)) {
      cuts.add("attribute that is not an object dropped");
      continue;
    }
    const key = item.keyStrindex === undefined ? text(item.key) : stringAt(strings, item.keyStrindex);
    if (attributes.size >= MAX_ATTRIBUTES && !attributes.has(key)) {
      cuts.add(`attribute beyond ${MAX_ATTRIBUTES} dropped`);
    } else {
      attributes.set(
        cutName(key, cuts),
        cutValue(valueText(object(item.value), 0, false, cuts, strings), cuts),
      );
    }
  }
  return attributes;
}

/** @returns an AnyValue as text; inside arrays and maps (`nested`) as JSON */
export function valueText(
  value: Json,
  depth: number,
  nested: boolean,
  cuts: Tally,
  strings: readonly string[] = NO_STRINGS,
): string {
  const quote = (plain: string) => (nested ? JSON.stringify(plain) : plain);
  if (value.stringValue !== undefined) return quote(text(value.stringValue));
  if (value.stringValueStrindex !== undefined) return quote(stringAt(strings, value.stringValueStrindex));
  if (value.boolValue !== undefined) return value.boolValue === true ? "true" : "false";
  if (value.intValue !== undefined) return String(wholeNumber(value.intValue) ?? "null");
  // "NaN" and "Infinity" are strings in this encoding.
  if (value.doubleValue !== undefined) return numberText(Number(value.doubleValue), nested);
  if (value.bytesValue !== undefined)
    return quote(Buffer.from(text(value.bytesValue), "base64").toString("base64"));
  if (value.arrayValue === undefined && value.kvlistValue === undefined) return nested ? "null" : "";
  if (depth >= MAX_VALUE_DEPTH) {
    cuts.add(`value nested deeper than ${MAX_VALUE_DEPTH} cut`);
    return JSON.stringify(TOO_DEEP);
  }
  if (value.arrayValue !== undefined) {
    const inner = items(object(value.arrayValue), "values");
    return `[${inner.map((item) => valueText(object(item), depth + 1, true, cuts, strings)).join(",")}]`;
  }
  const entries = items(object(value.kvlistValue), "values").map((item) => {
    const { key, keyStrindex, value: entry } = object(item);
    const name = keyStrindex === undefined ? text(key) : stringAt(strings, keyStrindex);
    return `${JSON.stringify(name)}:${valueText(object(entry), depth + 1, true, cuts, strings)}`;
  });
  return `{${entries.join(",")}}`;
}

/** 24 characters of base64 are 16 bytes, 12 are 8: what plain protobuf-to-JSON printers write instead of hex. */
export function idText(value: unknown, bytes: number): string {
  const id = text(value);
  return id.length === Math.ceil(bytes / 3) * 4 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(id)
    ? Buffer.from(id, "base64").toString("hex")
    : id.slice(0, bytes * 2 + 1);
}

export function wholeNumber(value: unknown): bigint | undefined {
  if (value === undefined || value === null) return 0n;
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : undefined;
}

function enumNumber(value: unknown, names: readonly string[]): number {
  return typeof value === "number" ? value : Math.max(0, names.indexOf(text(value)));
}

export function text(value: unknown): string {
  return typeof value === "string" ? repairText(value) : "";
}

function stringAt(strings: readonly string[], index: unknown): string {
  return typeof index === "number" ? (strings[index] ?? "") : "";
}

export function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** A list that may be missing; anything else in its place is not OTLP. */
export function items(owner: Json, key: string): readonly unknown[] {
  const value = owner[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidInput(`Not OTLP: ${key} must be an array.`);
  return value;
}

export function list(owner: Json, key: string): readonly Json[] {
  return items(owner, key).map((item) => {
    if (!isObject(item)) throw invalidInput(`Not OTLP: ${key} must hold objects.`);
    return item;
  });
}
