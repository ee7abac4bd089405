/**
 * Traces as Jaeger's pages and its query API write them (`/api/traces/{id}`, "Trace JSON", "Download Results"): a trace is
 * `{traceID, spans, processes}`, times are microseconds, what OpenTelemetry has fields for are tags.
 */

import { cutName, cutValue, MAX_ATTRIBUTES, repairText, type Tally } from "@/lib/ingest/otlp-limits";
import { addEvent, addLink, buildSpan, emptyRawSpan, type RawSpan } from "@/lib/ingest/otlp-span";
import { isObject, type Json } from "@/lib/ingest/parse-json";
import { splitSharedSpans } from "@/lib/ingest/shared-span-ids";
import type { Attributes, Span } from "@/lib/trace/span";

/** Tags that say what a span has a field for, by that field; they are not attributes. */
const FIELD_TAGS = {
  kind: "span.kind",
  code: "otel.status_code",
  message: "otel.status_description",
  state: "w3c.tracestate",
} as const;
const SCOPE_TAGS = {
  name: ["otel.scope.name", "otel.library.name"],
  version: ["otel.scope.version", "otel.library.version"],
} as const;
const NOT_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...Object.values(FIELD_TAGS),
  ...SCOPE_TAGS.name,
  ...SCOPE_TAGS.version,
]);

/** By the numbers of OTLP's enum, as `buildSpan` takes them. */
const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUS_ERROR = 2;

/** True for one trace of Jaeger's: `{traceID, spans: [...]}`. */
export function isJaegerTrace(value: unknown): boolean {
  return (
    isObject(value) &&
    Array.isArray(value.spans) &&
    (typeof value.traceID === "string" || holdsJaegerSpan(value.spans))
  );
}

/**
 * @param now the receiver's clock in Unix nanoseconds, against which future spans are judged
 * @returns the trace's spans that can be stored; the others are counted in `rejected`
 */
export function readJaegerTrace(trace: unknown, now: bigint, rejected: Tally, cuts: Tally): Span[] {
  const { processes, spans, traceID } = object(trace);
  const origins = new Map<string, ReturnType<typeof originOf>>();
  const read: Span[] = [];
  for (const item of Array.isArray(spans) ? spans : []) {
    if (!isObject(item)) {
      rejected.add("span is not an object");
      continue;
    }
    // A span may carry its process itself, as documents of Jaeger's own storage do.
    const key = isObject(item.process) ? JSON.stringify(item.process) : text(item.processID);
    let origin = origins.get(key);
    if (origin === undefined) {
      origin = originOf(object(item.process ?? object(processes)[key]), cuts);
      origins.set(key, origin);
    }
    const tags = tagsOf(item.tags, cuts);
    const scope = {
      scopeName: cutName(firstOf(tags, SCOPE_TAGS.name), cuts),
      scopeVersion: cutName(firstOf(tags, SCOPE_TAGS.version), cuts),
    };
    const span = buildSpan(rawSpan(item, text(traceID), tags, cuts), { ...origin, ...scope }, now, cuts);
    if (typeof span === "string") rejected.add(span);
    else read.push(span);
  }
  return splitSharedSpans(read);
}

function originOf(process: Json, cuts: Tally): { service: string; resource: Attributes } {
  const tags = tagsOf(process.tags, cuts);
  const named = text(process.serviceName) || tags.get("service.name") || "";
  const service = cutName(named || "unknown_service", cuts);
  return { service, resource: new Map([["service.name", service], ...tags]) };
}

function rawSpan(span: Json, traceOfFile: string, tags: ReadonlyMap<string, string>, cuts: Tally): RawSpan {
  const raw = emptyRawSpan();
  raw.traceId = wholeId(text(span.traceID) || traceOfFile, 32);
  raw.spanId = wholeId(text(span.spanID), 16);
  raw.traceState = tags.get(FIELD_TAGS.state) ?? "";
  raw.name = text(span.operationName);
  raw.kind = Math.max(0, KINDS.indexOf((tags.get(FIELD_TAGS.kind) ?? "").toLowerCase()));
  raw.start = nanosOf(span.startTime);
  const duration = nanosOf(span.duration);
  raw.end = raw.start === undefined || duration === undefined ? undefined : raw.start + duration;
  raw.attributes = new Map([...tags].filter(([key]) => !NOT_ATTRIBUTES.has(key)));
  readStatus(raw, tags, cuts);
  readReferences(raw, span, cuts);
  for (const log of list(span.logs)) {
    const fields = new Map(tagsOf(log.fields, cuts));
    const name = fields.get("event") ?? fields.get("message") ?? "log";
    if (fields.get("event") === name) fields.delete("event");
    addEvent(raw.events, name, nanosOf(log.timestamp), fields, cuts);
  }
  return raw;
}

/** OpenTelemetry's own words first; `error` is OpenTracing's: `true`, or the message itself. */
function readStatus(raw: RawSpan, tags: ReadonlyMap<string, string>, cuts: Tally): void {
  const code = (tags.get(FIELD_TAGS.code) ?? "").toUpperCase();
  const error = tags.get("error") ?? "";
  const failed = error !== "" && error !== "false" && error !== "0";
  raw.statusCode = code === "ERROR" ? STATUS_ERROR : code === "OK" ? 1 : failed ? STATUS_ERROR : 0;
  const said = failed && error !== "true" && error !== "1" ? error : "";
  raw.statusMessage = cutValue(tags.get(FIELD_TAGS.message) ?? said, cuts);
}

/**
 * The parent is the first CHILD_OF of this trace. A span that only FOLLOWS_FROM another of its trace hangs below it, as
 * in Jaeger's own page, or it would be a second root; every reference but the parent's CHILD_OF is kept as a link.
 */
function readReferences(raw: RawSpan, span: Json, cuts: Tally): void {
  const references = list(span.references).map((reference) => ({
    type: text(reference.refType),
    traceId: wholeId(text(reference.traceID), 32),
    spanId: wholeId(text(reference.spanID), 16),
  }));
  const inside = references.filter(({ traceId }) => traceId === raw.traceId);
  const parent = inside.find(({ type }) => type === "CHILD_OF") ?? inside[0];
  raw.parentSpanId = parent?.spanId ?? wholeId(text(span.parentSpanID), 16);
  for (const reference of references) {
    if (reference === parent && reference.type === "CHILD_OF") continue;
    const attributes = new Map([["opentracing.ref_type", reference.type.toLowerCase()]]);
    addLink(
      raw.links,
      { traceId: reference.traceId, spanId: reference.spanId, traceState: "", attributes },
      cuts,
    );
  }
}

function tagsOf(tags: unknown, cuts: Tally): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  for (const tag of list(tags)) {
    const key = cutName(text(tag.key), cuts);
    if (read.size >= MAX_ATTRIBUTES && !read.has(key)) cuts.add(`attribute beyond ${MAX_ATTRIBUTES} dropped`);
    else read.set(key, cutValue(valueText(tag.value), cuts));
  }
  return read;
}

function valueText(value: unknown): string {
  if (typeof value === "string") return repairText(value);
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? repairText(JSON.stringify(value)) : String(value);
}

/** Jaeger drops leading zeros of ids, and has trace ids of 64 bits. */
function wholeId(id: string, digits: number): string {
  return id === "" ? "" : id.toLowerCase().padStart(digits, "0");
}

/** @returns nanoseconds of a number of microseconds; undefined when it is none */
function nanosOf(micros: unknown): bigint | undefined {
  if (typeof micros === "string" && /^-?\d{1,17}$/.test(micros)) return BigInt(micros) * 1_000n;
  if (typeof micros !== "number" || !Number.isFinite(micros) || Math.abs(micros) > 1e16) return undefined;
  return BigInt(Math.round(micros)) * 1_000n;
}

function firstOf(tags: ReadonlyMap<string, string>, keys: readonly string[]): string {
  return keys.map((key) => tags.get(key) ?? "").find((value) => value !== "") ?? "";
}

function holdsJaegerSpan(spans: readonly unknown[]): boolean {
  return isObject(spans[0]) && typeof spans[0].spanID === "string";
}

function text(value: unknown): string {
  return typeof value === "string" ? repairText(value) : "";
}

function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
