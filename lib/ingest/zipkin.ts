/**
 * Zipkin's JSON of version 2 (zipkin-api, zipkin2-api.yaml): a list of spans, times in microseconds, what OpenTelemetry
 * has fields for in tags, as its own Zipkin exporters write them.
 */
import { invalidInput } from "@/lib/errors";
import { parseSpanId } from "@/lib/ids";
import { cutName, cutValue, MAX_ATTRIBUTES, refuseSpan, repairText, Tally } from "@/lib/ingest/otlp-limits";
import { addEvent, buildSpan, emptyRawSpan, type SpanOrigin, serviceOf } from "@/lib/ingest/otlp-span";
import type { DecodedTraces } from "@/lib/ingest/otlp-traces";
import { isObject, type Json, parseJson } from "@/lib/ingest/parse-json";
import { calleeSpanId } from "@/lib/trace/shared-span";
import type { Span } from "@/lib/trace/span";

/** Internal when absent. */
const KINDS = ["", "", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const INTERNAL = 1;
const OK = 1;
const ERROR = 2;
/** Tags that say what a span has a field for. */
const FIELD_TAGS: ReadonlySet<string> = new Set([
  "otel.status_code",
  "otel.status_description",
  "otel.scope.name",
  "otel.library.name",
  "otel.scope.version",
  "otel.library.version",
]);
/** Zipkin has one bag of tags; these namespaces describe what reports, never what it does. */
const RESOURCE_TAG =
  /^(?:telemetry\.|service\.|process\.|host\.|os\.|container\.|k8s\.|cloud\.|deployment\.)/;

/**
 * @param now the receiver's clock in Unix nanoseconds, against which future spans are judged
 * @throws HotspanError `invalid-input` when the body is no JSON list
 */
export function decodeZipkin(bytes: Buffer, now: bigint): DecodedTraces {
  const rejected = new Tally();
  const cuts = new Tally();
  const spans: Span[] = [];
  const resources = new Map<string, SpanOrigin>();
  for (const item of parse(bytes)) {
    const span = isObject(item) ? readSpan(item, resources, now, cuts) : "span is not an object";
    if (typeof span === "string") refuseSpan(rejected, span);
    else spans.push(span);
  }
  const sentences = [
    rejected.total === 0
      ? ""
      : `${rejected.total} of ${rejected.total + spans.length} spans refused: ${rejected.describe()}.`,
    cuts.total === 0 ? "" : `Kept, but: ${cuts.describe()}.`,
  ];
  return {
    spans,
    rejectedSpans: rejected.total,
    message: sentences.filter((sentence) => sentence !== "").join(" "),
  };
}

function parse(bytes: Buffer): readonly unknown[] {
  const value = parseJson(bytes);
  if (!Array.isArray(value)) throw invalidInput("The body must be a JSON list of Zipkin spans (version 2).");
  return value;
}

function readSpan(json: Json, origins: Map<string, SpanOrigin>, now: bigint, cuts: Tally): Span | string {
  const { attributes, error, resource, tags } = readTags(json, cuts);
  const raw = emptyRawSpan();
  raw.traceId = text(json.traceId).padStart(32, "0");
  raw.spanId = text(json.id).padStart(16, "0");
  raw.parentSpanId = text(json.parentId) === "" ? "" : text(json.parentId).padStart(16, "0");
  if (json.shared === true) {
    const shared = parseSpanId(raw.spanId);
    if (shared !== undefined) [raw.parentSpanId, raw.spanId] = [shared, calleeSpanId(shared)];
  }
  raw.name = text(json.name);
  raw.kind = KINDS.indexOf(text(json.kind).toUpperCase() || "none");
  if (raw.kind === -1) raw.kind = INTERNAL;
  const start = json.timestamp === undefined ? 0n : nanosOfMicros(json.timestamp);
  const duration = json.duration === undefined ? 0n : nanosOfMicros(json.duration);
  raw.start = start;
  raw.end = start === undefined || duration === undefined ? undefined : start + duration;
  raw.attributes = attributes;
  const status = tags.get("otel.status_code");
  const failed = error !== undefined && error.toLowerCase() !== "false";
  raw.statusCode = status === "ERROR" || failed ? ERROR : status === "OK" ? OK : 0;
  raw.statusMessage = tags.get("otel.status_description") ?? (failed && error !== "true" ? error : "");
  for (const annotation of Array.isArray(json.annotations) ? json.annotations : []) {
    const { timestamp, value } = isObject(annotation) ? annotation : {};
    addEvent(raw.events, text(value), nanosOfMicros(timestamp), new Map(), cuts);
  }
  return buildSpan(raw, originOf(resource, tags, origins, cuts), now, cuts);
}

function readTags(json: Json, cuts: Tally) {
  const attributes = new Map<string, string>();
  const resource = new Map<string, string>();
  const tags = new Map<string, string>();
  let error: string | undefined;
  for (const [key, value] of Object.entries(isObject(json.tags) ? json.tags : {})) {
    const tag = typeof value === "string" ? repairText(value) : JSON.stringify(value);
    const isFalse = tag.toLowerCase() === "false";
    if (key === "error" && !isFalse) error = tag;
    else if (FIELD_TAGS.has(key)) tags.set(key, tag);
    else put(RESOURCE_TAG.test(key) ? resource : attributes, key, tag, cuts);
  }
  const local = isObject(json.localEndpoint) ? json.localEndpoint : {};
  const remote = isObject(json.remoteEndpoint) ? json.remoteEndpoint : {};
  if (text(local.serviceName) !== "") put(resource, "service.name", text(local.serviceName), cuts);
  const places = [
    ["network.local.address", text(local.ipv4) || text(local.ipv6)],
    ["network.local.port", portText(local.port)],
    ["peer.service", text(remote.serviceName)],
    ["network.peer.address", text(remote.ipv4) || text(remote.ipv6)],
    ["network.peer.port", portText(remote.port)],
  ] as const;
  for (const [key, value] of places)
    if (value !== "" && !attributes.has(key)) put(attributes, key, value, cuts);
  return { attributes, error, resource, tags };
}

function put(into: Map<string, string>, key: string, value: string, cuts: Tally): void {
  if (into.size >= MAX_ATTRIBUTES && !into.has(key)) cuts.add(`attribute beyond ${MAX_ATTRIBUTES} dropped`);
  else into.set(cutName(repairText(key), cuts), cutValue(value, cuts));
}

/** Spans of one process share their origin, so that it is written once for all of them. */
function originOf(
  resource: ReadonlyMap<string, string>,
  tags: ReadonlyMap<string, string>,
  known: Map<string, SpanOrigin>,
  cuts: Tally,
): SpanOrigin {
  const scopeName = cutName(tags.get("otel.scope.name") ?? tags.get("otel.library.name") ?? "", cuts);
  const scopeVersion = cutName(
    tags.get("otel.scope.version") ?? tags.get("otel.library.version") ?? "",
    cuts,
  );
  const key = JSON.stringify([scopeName, scopeVersion, ...resource]);
  let origin = known.get(key);
  if (origin === undefined) {
    origin = { service: serviceOf(resource, cuts), resource, scopeName, scopeVersion };
    known.set(key, origin);
  }
  return origin;
}

/** Whole microseconds; some reporters write them as text, some with decimals. */
function nanosOfMicros(value: unknown): bigint | undefined {
  const micros = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof micros !== "number" || !(micros >= 0 && micros < Number.MAX_SAFE_INTEGER)) return undefined;
  const whole = Math.floor(micros);
  return BigInt(whole) * 1_000n + BigInt(Math.round((micros - whole) * 1_000));
}

function portText(port: unknown): string {
  return typeof port === "number" && port > 0 ? String(port) : "";
}

function text(value: unknown): string {
  return typeof value === "string" ? repairText(value) : "";
}
